// The rules that refuse a dangerous change. Pure: facts come in, verdicts go out, the controller
// logs and counts. A refused app keeps its published document whole.
//
//   before            after             verdict
//   some server > 0   some server > 0   pass
//   some server > 0   none              refused: would-empty, unless a hold allows it
//   none              anything          pass

import type { AppName, Reason, Upstream } from '../model.ts';
import type { Change } from './diff.ts';

export interface Refusal {
  readonly app: AppName;
  readonly reason: Reason;
}

export interface Verdict {
  readonly pass: readonly Change[];
  readonly refused: readonly Refusal[];
}

/** `mayEmpty`: a hold says so. */
export function guard(
  changes: readonly Change[],
  mayEmpty: (change: Change) => boolean = () => false,
): Verdict {
  const pass: Change[] = [];
  const refused: Refusal[] = [];
  for (const change of changes) {
    const reason = mayEmpty(change) ? undefined : wouldEmpty(change);
    if (reason) refused.push({ app: change.app, reason });
    else pass.push(change);
  }
  return { pass, refused };
}

function wouldEmpty({ app, before, after }: Change): Reason | undefined {
  const had = before ? serving(before) : 0;
  if (had === 0 || serving(after) > 0) return undefined;
  return {
    code: 'would-empty',
    text:
      `${app} would lose its last server: ${had} serve${had === 1 ? 's' : ''} now, none would. ` +
      'The published weights stay until a server returns or a hold says allowEmpty.',
  };
}

function serving(upstream: Upstream): number {
  return upstream.servers.filter((server) => server.weight > 0).length;
}

// What a cluster says of the objects that a plan has for it: server-side apply as a dry run, which runs
// defaults, validation, admission and the rules of who owns which field.
//
// Comes in: the entries of one cluster. Goes out: an answer for each that would change. On failure: an
// answer too: `unknown`, with the reason; then the plan's own comparison stands.

import { failureOf } from '../../clusters/call-failure.ts';
import type { ApplyResult, ClusterWriter } from '../../clusters/cluster-writer.ts';
import type { Entry } from '../plan/entry.ts';
import { placeOf } from '../plan/leaving.ts';
import type { Answers, DryRun } from './with-answers.ts';

/** At once: an API server gives a user so many requests and no more. */
const AT_ONCE = 10;

export async function tryEntries(
  entries: readonly Entry[],
  writer: ClusterWriter,
): Promise<Answers> {
  const answers = new Map<string, DryRun>();
  const coming = new Set(entries.flatMap((entry) => comingNamespace(entry) ?? []));
  const waiting = entries.filter(({ action }) => action === 'create' || action === 'update');
  const work = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
      const { namespace = '' } = entry.object?.metadata ?? {};
      const answer = coming.has(namespace)
        ? ({ kind: 'unknown', text: `the namespace ${namespace} is not there yet` } as const)
        : await tryEntry(entry, writer);
      answers.set(placeOf(entry.cluster, entry.key), answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return answers;
}

/** One that the plan makes: before, a server refuses all that goes into it. */
function comingNamespace({ action, object }: Entry): string | undefined {
  return action === 'create' && object?.kind === 'Namespace' ? object.metadata.name : undefined;
}

async function tryEntry(entry: Entry, writer: ClusterWriter): Promise<DryRun> {
  const { object, action, adopts = false } = entry;
  if (!object) return { kind: 'unknown', text: 'the plan has no object' };
  const expect = action === 'create' ? { expect: 'absent' as const } : {};
  try {
    return answerOf(await writer.apply(object, { dryRun: true, force: adopts, ...expect }));
  } catch (error) {
    return { kind: 'unknown', text: failureOf(error).text };
  }
}

function answerOf(result: ApplyResult): DryRun {
  if (result.ok) return { kind: 'object', object: result.object };
  return { kind: 'refused', text: result.text };
}

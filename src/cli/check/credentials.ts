// Credentials that are about to end. Comes in: their lives, and the time of day. Goes out: a finding for
// each that nobody has renewed, by the measure of the alert BallastCredentialExpiring. Nothing here fails.

import type { Credential } from '../../clusters/credentials.ts';
import type { Finding } from './findings.ts';

const WEEK_MS = 7 * 86_400_000;
/** What is renewed by itself never comes so near its end. */
const LEFT = 0.15;

const USES = {
  watch: 'it is watched by',
  jobs: 'jobs write with',
  api: 'the API is served with',
} as const;

export function endingFindings(credentials: readonly Credential[], now: number): Finding[] {
  return credentials.flatMap(({ kind, use, since, until }): Finding[] => {
    const left = until - now;
    if (left > WEEK_MS || left > LEFT * (until - since)) return [];
    const when = new Date(until).toISOString();
    return [
      {
        level: left > 0 ? 'warning' : 'error',
        code: 'credential-ending',
        text: `the ${kind} that ${USES[use]} ${left > 0 ? 'ends' : 'ended'} at ${when}`,
        fix: 'write a new one over it: it is taken up without a restart',
      },
    ];
  });
}

// Another machine's clock against ours. Comes in: its `Date`, and when we asked and were answered. Goes
// out: a finding, or none. A header that is missing or no date says nothing.

import type { Finding } from './findings.ts';

export interface Asked {
  readonly date: string | undefined;
  /** Milliseconds of our own clock. */
  readonly before: number;
  readonly after: number;
}

const ALLOWED_MS = 5000;
/** The header has whole seconds. */
const ROUNDED_MS = 1000;

export function clockFindings({ date, before, after }: Asked): Finding[] {
  const told = Date.parse(date ?? '');
  const ahead = told - after;
  const behind = before - (told + ROUNDED_MS);
  const off = Math.max(ahead, behind);
  // Also where it is no number.
  if (!(off > ALLOWED_MS)) return [];
  const seconds = Math.round(off / 1000);
  return [
    {
      level: 'warning',
      code: 'clock',
      text: `its clock is ${seconds} s ${ahead > behind ? 'ahead of' : 'behind'} this machine’s`,
      fix: 'set both by NTP: tokens and certificates begin and end by them, and histories do not fit',
    },
  ];
}

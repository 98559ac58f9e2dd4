// The head of a job as text, with the number of its format. Pure.
//
// Comes in: what stands in Redis. Goes out: heads. On failure: a head of another format, or one that is
// damaged, is a head all the same, so that its apps stay locked and people see it; but it says that it is
// `unreadable`, and nobody writes to it: half understood, a job would be done by halves.

import { isObject } from '../edges/fault.ts';
import { isFinal, JOB_STATES, type JobHead, type JobState } from './record.ts';

/** Another one, and versions before it leave such jobs alone. Heads without a number are of the first. */
export const FORMAT = 1;

export function headText(head: JobHead): string {
  return JSON.stringify({ format: FORMAT, ...head });
}

export function readHead(id: string, text: string): JobHead {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return unreadableHead(id, {}, `its journal is damaged: ${(error as Error).message}`);
  }
  if (!isObject(value)) return unreadableHead(id, {}, 'its journal is damaged: not an object');
  const { format = FORMAT, ...head } = value;
  if (format !== FORMAT) {
    const why = `its journal is of format ${JSON.stringify(format)}, and this version knows ${FORMAT}: run the version that wrote it`;
    return unreadableHead(id, head, why);
  }
  return head as unknown as JobHead;
}

/** What is understood of it is shown. */
export function unreadableHead(
  id: string,
  value: Readonly<Record<string, unknown>>,
  why: string,
): JobHead {
  const { revision, begun } = value;
  const state = JOB_STATES.find((one) => one === value['state']);
  const said = isObject(begun) ? begun : {};
  return {
    id,
    kind: textOf(value['kind'], 'unknown'),
    name: textOf(value['name'], id),
    apps: textsOf(value['apps']),
    clusters: textsOf(value['clusters']),
    begun: { who: textOf(said['who'], 'unknown'), at: numberOf(said['at']) },
    planDigest: textOf(value['planDigest'], ''),
    state: endOf(state) ?? 'Blocked',
    why,
    blocked: why,
    approvals: {},
    revision: numberOf(revision),
    tip: '',
    home: { runId: '', replId: '' },
    unreadable: true,
  };
}

/** One that is at its end is nobody's any more, whatever else stands in it. */
function endOf(state: JobState | undefined): JobState | undefined {
  return state !== undefined && isFinal({ state }) ? state : undefined;
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

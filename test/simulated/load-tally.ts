// What a load saw. A failure is an answer of 404 or from 500 on, or a request without an answer; apart
// from these stand requests that met a keepalive connection just as its server closed it.

export interface LoadEntry {
  readonly url: string;
  readonly host: string;
}

export interface LoadTotals {
  readonly sent: number;
  readonly answered: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byHost: Readonly<Record<string, number>>;
  /** By the header x-ballast-node. */
  readonly byNode: Readonly<Record<string, number>>;
  readonly byCluster: Readonly<Record<string, number>>;
  /** `HOST NODE` -> answers with 200. */
  readonly byHostNode: Readonly<Record<string, number>>;
  readonly failures: number;
  /** The first few, with what was asked. */
  readonly failureTexts: readonly string[];
  /** Not failures: no byte of an answer came on a connection that had served before. */
  readonly closedConnections: number;
  readonly slowestMs: number;
}

export type LoadTally = {
  -readonly [Key in keyof LoadTotals]: LoadTotals[Key] extends number
    ? number
    : LoadTotals[Key] extends readonly string[]
      ? string[]
      : Record<string, number>;
};

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly ms: number;
}

const TEXTS = 10;
/** How a connection says that its other side closed it; a time-out is none of these. */
const closings = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

export function createTally(): LoadTally {
  return {
    sent: 0,
    answered: 0,
    byStatus: {},
    byHost: {},
    byNode: {},
    byCluster: {},
    byHostNode: {},
    failures: 0,
    failureTexts: [],
    closedConnections: 0,
    slowestMs: 0,
  };
}

export function readTally(tally: LoadTally): LoadTotals {
  return structuredClone(tally);
}

export function tallyAnswer(tally: LoadTally, { url, host }: LoadEntry, answer: Answered): void {
  const { status, headers, ms } = answer;
  const node = String(headers['x-ballast-node'] ?? '-');
  tally.answered++;
  tally.slowestMs = Math.max(tally.slowestMs, ms);
  add(tally.byStatus, String(status));
  add(tally.byHost, host);
  add(tally.byNode, node);
  add(tally.byCluster, String(headers['x-ballast-cluster'] ?? '-'));
  if (status === 200) add(tally.byHostNode, `${host} ${node}`);
  if (status === 404 || status >= 500) fail(tally, `${status} for ${host} at ${url}`);
}

/** `reused`: not a byte of the answer came, on a connection that had served before. */
export function tallyFailure(
  tally: LoadTally,
  { url, host }: LoadEntry,
  failure: { readonly error: unknown; readonly reused: boolean },
): void {
  const { code, message } = failure.error as NodeJS.ErrnoException;
  if (failure.reused && code !== undefined && closings.has(code)) {
    tally.closedConnections++;
    return;
  }
  fail(tally, `${code ?? 'error'}: ${message} for ${host} at ${url}`);
}

function fail(tally: LoadTally, text: string): void {
  tally.failures++;
  if (tally.failureTexts.length < TEXTS) tally.failureTexts.push(text);
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

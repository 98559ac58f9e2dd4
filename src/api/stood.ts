// What was published of an app when a commit had a version.
//
// Comes in: an app and a version. Goes out: its weights then. On failure: `version-unknown`, which says
// how far the history goes back, or what is missing.

import type { HistoryStore } from '../edges/history-store.ts';
import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName } from '../model.ts';
import { readEntry, type HistoryEntry, type PlacedWeight } from '../plan/history-entry.ts';

/** What stood from a version on. */
interface Stood {
  readonly since: number;
  readonly servers: readonly PlacedWeight[];
}

interface Found {
  readonly version: number;
  readonly entry: HistoryEntry;
}

const PAGE = 200;

export async function stoodAt(
  { published, history }: { readonly published: Published | undefined; history: HistoryStore },
  app: AppName,
  version: number,
): Promise<readonly PlacedWeight[]> {
  const last = published?.mark.version ?? 0;
  if (version > last) throw unknown(`the last version is ${last}`);
  const now = published?.app(app);
  let above: Stood | undefined = now && {
    since: now.stamp.version,
    servers: now.upstream.servers,
  };
  if (above && above.since <= version) return above.servers;
  let oldest: Found | undefined;
  for await (const found of entriesOf(history, app)) {
    if (found.version <= version) return between(found, above, version);
    above = replacedBy(found);
    oldest = found;
  }
  return before(app, version, oldest);
}

/** The newest first. */
async function* entriesOf(history: HistoryStore, app: AppName): AsyncGenerator<Found> {
  let from: string | undefined;
  do {
    const page = await history.changes({ app, count: PAGE, ...(from !== undefined && { from }) });
    for (const { version, text } of page.lines) {
      const entry = readEntry(text);
      if (!entry) throw unknown(`the entry of version ${version} cannot be read`);
      yield { version, entry };
    }
    from = page.next;
  } while (from !== undefined);
}

function replacedBy({ entry: { previous, before: servers } }: Found): Stood | undefined {
  return previous === undefined ? undefined : { since: previous, servers };
}

/** A Redis that was set back has lost entries: what comes above knows what it replaced. */
function between(
  { version: since, entry: { after } }: Found,
  above: Stood | undefined,
  version: number,
): readonly PlacedWeight[] {
  if (!above || above.since <= since || version === since) return after;
  if (isSame(after, above.servers)) return after;
  if (above.since <= version) return above.servers;
  const lost = `Redis has lost what was changed above version ${since}`;
  throw unknown(`${lost}; what stood from version ${above.since} on is known`);
}

function isSame(some: readonly PlacedWeight[], others: readonly PlacedWeight[]): boolean {
  const textOf = ({ address, from, weight }: PlacedWeight) => `${from} ${address} ${weight}`;
  const known = new Set(others.map(textOf));
  return some.length === others.length && some.every((server) => known.has(textOf(server)));
}

/** The oldest entry also says what was there before it. */
function before(app: AppName, version: number, oldest: Found | undefined): readonly PlacedWeight[] {
  if (!oldest) throw unknown(`nothing is kept of ${app}`);
  const { previous, before: servers } = oldest.entry;
  if (previous === 0) throw unknown(`${app} was first published by version ${oldest.version}`);
  if (previous !== undefined && previous <= version) return servers;
  const back = previous ?? oldest.version;
  throw unknown(`${app} is kept back to version ${back}; version ${version} is trimmed`);
}

function unknown(text: string): BallastError {
  return new BallastError('version-unknown', text);
}

// Updates under 4,000 requests a second, over two workers: how long a push takes to its
// acknowledgement, and whether a request that begins after it still goes by the old weights.
import { setTimeout as wait } from 'node:timers/promises';
import { bodyOf } from '../../lua/leader.ts';
import type { Length } from '../lane.ts';
import { quantile, rowOf, type Row } from '../rows.ts';
import { hostOf } from './apps.ts';
import { push, startBallast, startSource, untilApplied } from './ballast.ts';
import type { Bench } from './cpu-rows.ts';
import { now, startPaced, type PacedRequest } from './paced.ts';
import { using } from './using.ts';

/** Requests a second, updates a second. */
const RATE = 4000;
const UPDATES = 100;
const COUNTS: Readonly<Record<Length, number>> = { full: 4000, quick: 1000, smoke: 20 };
/** A p99 needs some to be one. */
const CHUNK = 200;
const SERVERS = 20;

interface Push {
  readonly committed: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Which half of the servers has weights from here on. */
  readonly half: number;
}

export async function updateRows({ cores, servers }: Bench, length: Length): Promise<Row[]> {
  const addresses = servers.addresses.slice(0, SERVERS);
  const body = (turn: number): string => {
    const weights = addresses.map((address, i) => [address, i % 2 === turn % 2 ? 10 : 0]);
    return bodyOf('app-0', Object.fromEntries(weights), [hostOf(0)]);
  };
  return using(async (own) => {
    const source = await own(startSource(cores));
    const options = { environment: 'bench', redisUrl: source.redis.url, workers: 2 };
    const { edge, port } = await own(startBallast('updates', cores, options));
    const { leader } = source;
    await untilApplied(edge, await leader.commit({ 'app-0': body(0) }));
    const paced = await startPaced({
      ...{ port, host: hostOf(0), rate: RATE, humble: true },
      warmMilliseconds: length === 'smoke' ? 100 : 1500,
    });
    const pushes: Push[] = [];
    for (let turn = 1, due = now(); turn <= COUNTS[length]; turn++, due += 1000 / UPDATES) {
      await wait(Math.max(0, due - now()));
      const committed = now();
      const { base, mark, documents } = await leader.commit({ 'app-0': body(turn) });
      const call = JSON.stringify({ term: mark.term, base, mark, documents });
      const sent = now();
      await push(edge, call);
      pushes.push({ committed, sent, acknowledged: now(), half: turn % 2 });
    }
    const requests = await paced.stop();
    return rowsOf(pushes, requests);
  });
}

function rowsOf(pushes: readonly Push[], requests: readonly PacedRequest[]): Row[] {
  const latencies = pushes.map(({ sent, acknowledged }) => acknowledged - sent);
  const chunks = Array.from({ length: Math.ceil(latencies.length / CHUNK) }, (_, i) =>
    latencies.slice(i * CHUNK, (i + 1) * CHUNK).toSorted((a, b) => a - b),
  );
  const at = (share: number): number[] => chunks.map((chunk) => quantile(chunk, share));
  const { checked, old } = judge(pushes, requests);
  return [
    rowOf('push to acknowledgement, p50', 'ms', at(0.5)),
    rowOf('push to acknowledgement, p99', 'ms', at(0.99)),
    rowOf('requests begun after an acknowledgement', 'requests', [checked]),
    rowOf('requests after an acknowledgement by old weights', 'requests', [old]),
    rowOf('updates, failed requests', 'requests', [
      requests.filter(({ server }) => server < 0).length,
    ]),
  ];
}

/** A request is judged that began after one acknowledgement and ended before the next update can have
 *  reached the edge: by Redis, from its commit on. */
function judge(pushes: readonly Push[], requests: readonly PacedRequest[]) {
  let checked = 0;
  let old = 0;
  let at = -1;
  for (const { began, ended, server } of requests.toSorted((a, b) => a.began - b.began)) {
    while ((pushes[at + 1]?.acknowledged ?? Number.POSITIVE_INFINITY) < began) at += 1;
    const push = pushes[at];
    const next = pushes[at + 1];
    if (push === undefined || server < 0 || (next !== undefined && ended >= next.committed))
      continue;
    checked += 1;
    if (server % 2 !== push.half) old += 1;
  }
  return { checked, old };
}

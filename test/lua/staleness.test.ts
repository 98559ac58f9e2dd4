// What an acknowledgement promises: a request that begins after it sees it, in every worker.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEdge, type TestEdge } from './edge.ts';
import { openLane, openLanes, startNginxServers, WORKER_HEADER, type Lane } from './lanes.ts';
import { bodyOf, documentOf } from './leader.ts';

const WORKERS = 4;
// So many updates in a row can be told apart by the server that answers.
const SERVERS = 64;
const REQUESTS = 100_000;
const LANES = 24;
// After this many requests a lane is opened anew, so that all workers get their part.
const LANE_REQUESTS = 400;

let edge: TestEdge;
let servers: Awaited<ReturnType<typeof startNginxServers>>;
let version = 0;

beforeAll(async () => {
  servers = await startNginxServers(SERVERS);
  edge = await startEdge({
    redisUrl: 'redis://127.0.0.1:1',
    workers: WORKERS,
    location: WORKER_HEADER,
  });
});

afterAll(async () => {
  await edge?.close();
  await servers?.close();
});

/** All traffic to one server; the others stay, at weight 0. */
async function turnTo(app: string, turn: number): Promise<void> {
  version += 1;
  const weights = Object.fromEntries(
    servers.addresses.map((address, i) => [address, i === turn % SERVERS ? 10 : 0]),
  );
  const { json } = await edge.call('POST', '/v1/upstreams', {
    term: 10,
    documents: [documentOf(app, { term: 10, version }, bodyOf(app, weights))],
  });
  expect(json).toMatchObject({ verdicts: [{ code: 'applied' }] });
}

test('requests begun after an acknowledged update that see old weights: 0 of 100,000, all workers', async () => {
  let acknowledged = 0;
  let sent = 0;
  let left = REQUESTS;
  const wrong: string[] = [];
  const byWorker = new Map<number, number>();
  await turnTo('turns', 0);

  async function run(): Promise<void> {
    let lane: Lane | undefined;
    for (let n = 0; left > 0; n++) {
      if (n % LANE_REQUESTS === 0) {
        lane?.close();
        lane = await openLane(edge.url);
      }
      left -= 1;
      const oldest = acknowledged;
      const answer = lane?.ask('turns.example');
      const { server, worker } = (await answer) ?? { server: 'none', worker: 0 };
      // How many updates behind the last one sent; what was sent meanwhile may be seen too.
      const behind = (((sent - Number(server)) % SERVERS) + SERVERS) % SERVERS;
      if (!(behind <= sent - oldest)) wrong.push(`${server}: not ${oldest} to ${sent}`);
      byWorker.set(worker, (byWorker.get(worker) ?? 0) + 1);
    }
    lane?.close();
  }

  const load = Promise.all(Array.from({ length: LANES }, run));
  while (left > 0) {
    sent += 1;
    await turnTo('turns', sent);
    acknowledged = sent;
  }
  await load;
  expect(wrong).toEqual([]);
  expect(sent).toBeGreaterThan(1000);
  expect([...byWorker.keys()].sort()).toEqual([...edge.pids().workers].sort());
}, 240_000);

test('two updates within a second: every worker sees both, 200 times of 200', async () => {
  await turnTo('pairs', 0);
  const lanes = await openLanes(edge.url, 'pairs.example', WORKERS);
  expect([...lanes.keys()].sort()).toEqual([...edge.pids().workers].sort());
  const seen = { first: 0, second: 0 };
  for (let pair = 0; pair < 200; pair++) {
    for (const [which, turn] of [
      ['first', 2 * pair + 1],
      ['second', 2 * pair + 2],
    ] as const) {
      await turnTo('pairs', turn);
      const answers = await Promise.all(
        [...lanes].map(async ([pid, lane]) => ({ pid, ...(await lane.ask('pairs.example')) })),
      );
      for (const { pid, worker } of answers) expect(worker).toBe(pid);
      if (answers.every(({ server }) => server === String(turn % SERVERS))) seen[which] += 1;
    }
  }
  for (const lane of lanes.values()) lane.close();
  expect(seen).toEqual({ first: 200, second: 200 });
});

// Full syncs under traffic: every document is another one, pushed in calls of 500. How long it takes,
// and how long the slowest request beside it took.
import { bodyOf, documentOf } from '../../lua/leader.ts';
import type { Length } from '../lane.ts';
import { rowOf, type Row } from '../rows.ts';
import { hostOf, manyApps, weightsOf } from './apps.ts';
import { push, startBallast, startSource, type BallastEdge } from './ballast.ts';
import type { Bench } from './cpu-rows.ts';
import { now, startPaced } from './paced.ts';
import { using } from './using.ts';

const RATE = 3000;
// As src/edges/courier.ts does it.
const APPS_A_CALL = 500;
const CALLS_AT_ONCE = 2;
const TIMES: Readonly<Record<Length, number>> = { full: 15, quick: 5, smoke: 1 };
const TERM = 65_536;

export async function syncRows(bench: Bench, length: Length): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [1000, 10_000]) rows.push(...(await rowsOfSync(bench, count, length)));
  return rows;
}

async function rowsOfSync(
  { cores, servers }: Bench,
  count: number,
  length: Length,
): Promise<Row[]> {
  return using(async (own) => {
    const source = await own(startSource(cores));
    const options = { environment: 'bench', redisUrl: source.redis.url };
    const ballast = await own(startBallast('sync', cores, options));
    const callsOf = (turn: number) => calls(servers.addresses, count, turn);
    await pushAll(ballast, callsOf(0));
    const whole: number[] = [];
    const stalls: number[] = [];
    const paces: number[] = [];
    let failed = 0;
    for (let turn = 1; turn <= TIMES[length]; turn++) {
      const bodies = callsOf(turn);
      const paced = await startPaced({
        ...{ port: ballast.port, host: hostOf(0), rate: RATE },
        warmMilliseconds: length === 'smoke' ? 100 : 1500,
      });
      const calm = now();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const began = now();
      await pushAll(ballast, bodies);
      const ended = now();
      const requests = await paced.stop();
      const slowest = (from: number, to: number): number =>
        Math.max(
          ...requests
            .filter((one) => one.ended > from && one.began < to)
            .map((one) => one.ended - one.began),
        );
      whole.push(ended - began);
      stalls.push(slowest(began, ended));
      paces.push(slowest(calm, began));
      failed += requests.filter(({ server }) => server < 0).length;
    }
    const title = `full sync of ${count} apps`;
    return [
      rowOf(title, 'ms', whole),
      rowOf(`${title}, longest stall`, 'ms', stalls),
      rowOf(`${title}, slowest request before it`, 'ms', paces),
      rowOf(`${title}, failed requests`, 'requests', [failed]),
    ];
  });
}

/** Made beforehand: what is measured is the edge. They do not stand in Redis, so nothing polls them. */
function calls(addresses: readonly string[], count: number, turn: number): string[] {
  const stamp = { term: TERM, version: 1000 + turn };
  const documents = manyApps(addresses, count, turn).map((app) =>
    documentOf(app.name, stamp, bodyOf(app.name, weightsOf(app), [app.host])),
  );
  return Array.from({ length: Math.ceil(count / APPS_A_CALL) }, (_, i) =>
    JSON.stringify({
      term: TERM,
      base: null,
      mark: null,
      documents: documents.slice(i * APPS_A_CALL, (i + 1) * APPS_A_CALL),
    }),
  );
}

async function pushAll({ edge }: BallastEdge, bodies: readonly string[]): Promise<void> {
  const left = [...bodies];
  const carry = async (): Promise<void> => {
    for (let body = left.shift(); body !== undefined; body = left.shift()) {
      const refused = (await push(edge, body)).match(/"code":"(?!applied)\w+"/);
      if (refused !== null) throw new Error(`push: ${refused[0]}`);
    }
  };
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, carry));
}

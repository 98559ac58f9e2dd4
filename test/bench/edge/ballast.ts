// Ballast's edge as a contender: a real one, fed by a real Redis, as in service.
import { request } from 'undici';
import { bodyOf, leadRedis, type Committed, type Leader } from '../../lua/leader.ts';
import { startEdge, type EdgeOptions, type TestEdge } from '../../lua/edge.ts';
import { startRedis, type TestRedis } from '../../lua/redis.ts';
import { until } from '../../controlplane/until.ts';
import { weightsOf, type App } from './apps.ts';
import type { Contender } from './contender.ts';
import { cpuTime, pin, type Cores } from './cores.ts';

export interface BallastEdge extends Contender {
  readonly edge: TestEdge;
}

export async function startBallast(
  name: string,
  cores: Cores,
  options: EdgeOptions,
): Promise<BallastEdge> {
  const http = '    keepalive_requests 100000000;\n    keepalive_timeout 1h;\n';
  const edge = await startEdge({ workers: 1, http, ...options });
  const { master, workers } = edge.pids();
  for (const pid of [master, ...workers]) if (pid !== undefined) pin(pid, cores.measured);
  return {
    name,
    edge,
    port: Number(new URL(edge.url).port),
    cpu: () => workers.reduce((sum, pid) => sum + cpuTime(pid), 0),
    close: () => edge.close(),
  };
}

export interface Source {
  readonly redis: TestRedis;
  readonly leader: Leader;
  close(): Promise<void>;
}

/** A Redis and the controller's part: documents enter by the commit script. */
export async function startSource(cores: Cores): Promise<Source> {
  const redis = await startRedis();
  const pid = redis.pid();
  if (pid !== undefined) pin(pid, cores.others);
  const leader = leadRedis(redis.url, 'bench');
  await leader.take(65_536);
  return {
    redis,
    leader,
    close: async () => {
      leader.close();
      await redis.close();
    },
  };
}

const APPS_A_COMMIT = 250;

export async function commitApps(leader: Leader, apps: readonly App[]): Promise<Committed> {
  let last: Committed | undefined;
  for (let from = 0; from < apps.length; from += APPS_A_COMMIT) {
    const part = apps.slice(from, from + APPS_A_COMMIT);
    last = await leader.commit(
      Object.fromEntries(
        part.map((app) => [app.name, bodyOf(app.name, weightsOf(app), [app.host])]),
      ),
    );
  }
  if (last === undefined) throw new Error('no app to commit');
  return last;
}

export async function untilApplied(edge: TestEdge, { mark }: Committed): Promise<void> {
  await until('the edge has the commit', async () => {
    const { mark: held } = await edge.state();
    return held?.term === mark.term && held.version >= mark.version;
  });
}

/** A push as it goes over the wire; the answer likewise, for whoever has the time to read it. */
export async function push(edge: TestEdge, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const url = `${edge.control}/v1/upstreams`;
  const reply = await request(url, { method: 'POST', headers, body });
  const answer = await reply.body.text();
  if (reply.statusCode !== 200) throw new Error(`push: ${reply.statusCode} ${answer}`);
  return answer;
}

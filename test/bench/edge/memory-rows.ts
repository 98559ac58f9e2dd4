// Memory for an app of ten servers: in the shared memory, by filling a small one to the brim; in a
// worker, by sending a request to each of many apps.
import { bodyOf, documentOf } from '../../lua/leader.ts';
import type { Length } from '../lane.ts';
import { rowOf, type Row } from '../rows.ts';
import { manyApps, weightsOf, type App } from './apps.ts';
import { commitApps, startBallast, startSource, untilApplied } from './ballast.ts';
import type { Bench } from './cpu-rows.ts';
import { runLoad } from './load.ts';
import { using } from './using.ts';

const TERM = 65_536;
const APPS_A_CALL = 500;
const MEGABYTES: Readonly<Record<Length, number>> = { full: 8, quick: 4, smoke: 1 };
const APPS: Readonly<Record<Length, number>> = { full: 2000, quick: 1000, smoke: 200 };
const LUA_MEMORY = `
        location = /lua-memory {
            content_by_lua_block {
                collectgarbage() collectgarbage()
                ngx.print(collectgarbage("count"))
            }
        }`;

export async function memoryRows(bench: Bench, length: Length): Promise<Row[]> {
  const shared = await sharedMemory(bench, MEGABYTES[length]);
  const lua = await luaMemory(bench, APPS[length]);
  return [
    rowOf('shared memory for an app of ten servers', 'kB', [shared]),
    rowOf('Lua memory of a worker for an app of ten servers', 'kB', [lua]),
  ];
}

function sharedMemory({ cores, servers }: Bench, megabytes: number): Promise<number> {
  return using(async (own) => {
    const source = await own(startSource(cores));
    const options = { environment: 'bench', redisUrl: source.redis.url, memory: `${megabytes}m` };
    const { edge } = await own(startBallast('full', cores, options));
    const apps = manyApps(servers.addresses, megabytes * 4096);
    for (let from = 0; from < apps.length; from += APPS_A_CALL) {
      const documents = apps.slice(from, from + APPS_A_CALL).map(toDocument);
      const call = { term: TERM, base: null, mark: null, documents };
      const { json } = await edge.call('POST', '/v1/upstreams', call);
      const { verdicts } = json as { verdicts: readonly { code: string }[] };
      if (verdicts.some(({ code }) => code === 'full'))
        return (megabytes * 1024) / (await edge.state()).documents;
    }
    throw new Error(`${megabytes} MB hold ${apps.length} apps and more`);
  });
}

function toDocument(app: App) {
  const body = bodyOf(app.name, weightsOf(app), [app.host]);
  return documentOf(app.name, { term: TERM, version: 1000 }, body);
}

function luaMemory({ cores, servers }: Bench, count: number): Promise<number> {
  return using(async (own) => {
    const source = await own(startSource(cores));
    const options = { environment: 'bench', redisUrl: source.redis.url, locations: LUA_MEMORY };
    const { edge, port } = await own(startBallast('lua', cores, options));
    const committed = await commitApps(source.leader, manyApps(servers.addresses, count + 1));
    await untilApplied(edge, committed);
    const used = async (): Promise<number> =>
      Number(await (await fetch(`${edge.url}/lua-memory`)).text());
    // The first app alone brings in what is there once, compiled code above all.
    const warm = await runLoad({ port, apps: 1, first: count, milliseconds: 300 });
    const before = await used();
    const { failed } = await runLoad({ port, apps: count, milliseconds: 600 });
    if (warm.failed + failed > 0) throw new Error('requests failed');
    return ((await used()) - before) / count;
  });
}

// CPU for a request: Ballast with statistics on and off, static nginx with and without `zone`, HAProxy,
// for one app of 3, 30 and 300 servers, for 10, 100 and 1,000 apps, under updates, and with a dead
// server.
import { bodyOf } from '../../lua/leader.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { rowOf, type Row } from '../rows.ts';
import { appOf, manyApps, oneApp, SHARED_NODES, weightOf, weightsOf, type App } from './apps.ts';
import {
  commitApps,
  push,
  startBallast,
  startSource,
  untilApplied,
  type BallastEdge,
  type Source,
} from './ballast.ts';
import type { Contender } from './contender.ts';
import type { Cores } from './cores.ts';
import { startHaproxy } from './haproxy.ts';
import { startStatic, type Servers } from './nginx.ts';
import { ratios, runSlices, type Entrant, type Pace, type Samples } from './slices.ts';
import { using } from './using.ts';

export interface Bench {
  readonly cores: Cores;
  readonly servers: Servers;
  readonly pace: Pace;
}

const STATIC = 'static nginx';
const ZONE = 'static nginx with zone';
/** What no balancer in Lua can undercut: it knows neither apps nor weights. */
const BARE = `a Lua block that draws one of ${SHARED_NODES} servers`;
const PLAIN = 'statistics off';
const FULL = 'statistics';
const HAPROXY = 'HAProxy';

/** Idle connections for one upstream: as nginx/ballast-http.conf has it, enough for 300 servers. */
const KEEPALIVE = 1024;
/** For each of many upstreams: a thousand times ten servers fill nginx's connections otherwise. */
const KEEPALIVE_OF_MANY = 16;

export async function oneAppRows(bench: Bench, count: number): Promise<Row[]> {
  const apps = oneApp(bench.servers.addresses, count);
  const title = `1 app, ${count} servers`;
  return using(async (own) => {
    const { contenders, source, off } = await startAll(bench, apps, own, KEEPALIVE);
    contenders.push(
      await own(startStatic(ZONE, apps, bench.cores, { zone: true, keepalive: KEEPALIVE })),
    );
    const rates = count === 30 ? [10, 100] : [];
    const updated = rates.map((rate): Entrant => {
      const beside = updating(source, off, apps[0] as App, rate);
      return { name: `${rate} updates a second`, contender: off, apps: 1, beside };
    });
    const samples = await runSlices([...entrants(contenders, 1), ...updated], bench.pace);
    return [
      ...rowsOf(title, samples),
      rowOf(`${title}, ${ZONE}`, 'ratio', ratios(samples, ZONE, STATIC)),
      ...updated.map(({ name }) =>
        rowOf(`${title}, ${name}`, 'ratio', ratios(samples, name, STATIC)),
      ),
      failures(title, samples),
    ];
  });
}

export async function manyAppsRows(bench: Bench, count: number): Promise<Row[]> {
  const apps = manyApps(bench.servers.addresses, count);
  const title = `${count} apps`;
  return using(async (own) => {
    const { contenders, source } = await startAll(bench, apps, own, KEEPALIVE_OF_MANY);
    const bare = { ...optionsOf(source), name: 'bare', edit: withoutChoice(bench.servers) };
    contenders.push(await own(startBallast(BARE, bench.cores, bare)));
    const samples = await runSlices(entrants(contenders, count), bench.pace);
    return [
      ...rowsOf(title, samples),
      rowOf(`${title}, ${BARE}`, 'ratio', ratios(samples, BARE, STATIC)),
      rowOf(`${title} against HAProxy`, 'ratio', ratios(samples, PLAIN, HAPROXY)),
      failures(title, samples),
    ];
  });
}

/** One of ten refuses connections, against ten that do not. */
export async function deadServerRows({ cores, servers, pace }: Bench): Promise<Row[]> {
  const ten = servers.addresses.slice(0, 10);
  const apps = [ten, [servers.dead, ...ten.slice(1)]].map((addresses, number) =>
    appOf(
      number,
      addresses.map((address) => ({ address, weight: 10, from: 'east' })),
    ),
  );
  return using(async (own) => {
    const source = await own(startSource(cores));
    const edge = await own(startBallast(FULL, cores, optionsOf(source)));
    await untilApplied(edge.edge, await commitApps(source.leader, apps));
    const each = ['alive', 'dead'].map((name, first) => ({
      ...{ name, contender: edge, apps: 1, first },
    }));
    const samples = await runSlices(each, pace);
    return [
      rowOf('one dead server of ten', 'ratio', ratios(samples, 'dead', 'alive')),
      failures('one dead server of ten', samples),
    ];
  });
}

async function startAll(
  { cores }: Bench,
  apps: readonly App[],
  own: <Thing extends { close(): Promise<void> }>(thing: Promise<Thing>) => Promise<Thing>,
  keepalive: number,
) {
  const source = await own(startSource(cores));
  const options = optionsOf(source);
  const off = await own(
    startBallast(PLAIN, cores, { ...options, name: 'off', statistics: false, edit: withoutLog }),
  );
  const on = await own(startBallast(FULL, cores, { ...options, name: 'on' }));
  const contenders: Contender[] = [
    await own(startStatic(STATIC, apps, cores, { keepalive })),
    off,
    on,
    await own(startHaproxy(apps, cores)),
  ];
  const committed = await commitApps(source.leader, apps);
  for (const { edge } of [off, on]) await untilApplied(edge, committed);
  return { contenders, source, off };
}

function optionsOf({ redis }: Source) {
  return { environment: 'bench', redisUrl: redis.url };
}

/** README, `statistics`: where it is false, the log phase may go. */
function withoutLog(_file: string, text: string): string {
  return text.replace('log_by_lua_block { ballast.log() }', '');
}

function withoutChoice({ addresses }: Servers) {
  const names = addresses
    .slice(0, SHARED_NODES)
    .map((address) => `"${address}"`)
    .join(', ');
  return (file: string, text: string): string =>
    withoutLog(file, text)
      .replace('ballast.balance()', 'draw()')
      .replace(
        'init_worker_by_lua_block {',
        `init_worker_by_lua_block {
    local names, set, random = { ${names} }, require("ngx.balancer").set_current_peer, math.random
    function draw() set(names[random(${SHARED_NODES})]) end`,
      );
}

function entrants(contenders: readonly Contender[], apps: number): Entrant[] {
  return contenders.map((contender) => ({ name: contender.name, contender, apps }));
}

function rowsOf(title: string, samples: Samples): Row[] {
  return [
    rowOf(title, 'ratio', ratios(samples, PLAIN, STATIC)),
    rowOf(`${title}, statistics`, 'ratio', ratios(samples, FULL, STATIC)),
    rowOf(`${title}, HAProxy`, 'ratio', ratios(samples, HAPROXY, STATIC)),
    rowOf(`${title}, static nginx`, 'us', samples.costs[STATIC] ?? []),
  ];
}

/** Of Ballast: what its rivals lose is theirs, and is told on the way. */
function failures(title: string, { failed }: Samples): Row {
  let ours = 0;
  for (const [name, count] of Object.entries(failed)) {
    const rival = [STATIC, ZONE, BARE, HAPROXY].includes(name);
    if (!rival) ours += count;
    else if (count > 0) console.error(`${title}: ${name} failed ${count} requests`);
  }
  return rowOf(`${title}, failed requests`, 'requests', [ours]);
}

/** Commits and pushes other weights at a rate, as the controller does. */
function updating({ leader }: Source, { edge }: BallastEdge, app: App, rate: number) {
  let turn = 0;
  return async (signal: AbortSignal): Promise<void> => {
    for (let due = performance.now(); !signal.aborted; due += 1000 / rate) {
      await wait(Math.max(0, due - performance.now()));
      turn += 1;
      const servers = app.servers.map((server, i) => ({ ...server, weight: weightOf(i + turn) }));
      const body = bodyOf(app.name, weightsOf({ ...app, servers }), [app.host]);
      const { base, mark, documents } = await leader.commit({ [app.name]: body });
      await push(edge, JSON.stringify({ term: mark.term, base, mark, documents }));
    }
  };
}

// The lane of the edge: what Ballast's edge costs against static nginx and HAProxy, in one run, on one
// core, in alternating slices; and what updates, full syncs and a dead server do to its traffic.
import { execFileSync } from 'node:child_process';
import { deadServerRows, manyAppsRows, oneAppRows, type Bench } from './edge/cpu-rows.ts';
import { chooseCores, pin } from './edge/cores.ts';
import { startServers } from './edge/nginx.ts';
import { memoryRows } from './edge/memory-rows.ts';
import type { Pace } from './edge/slices.ts';
import { syncRows } from './edge/sync-rows.ts';
import { updateRows } from './edge/update-rows.ts';
import { using } from './edge/using.ts';
import type { Lane, Length } from './lane.ts';
import type { Row } from './rows.ts';

const PACES: Readonly<Record<Length, Pace>> = {
  full: { rounds: 32, milliseconds: 300, warmMilliseconds: 6 },
  quick: { rounds: 9, milliseconds: 300, warmMilliseconds: 5 },
  smoke: { rounds: 1, milliseconds: 50, warmMilliseconds: 0 },
};

const LIMITS = {
  '1 app, 3 servers': 1.15,
  '1 app, 3 servers, statistics': 1.25,
  '1 app, 30 servers': 1.15,
  '1 app, 30 servers, statistics': 1.25,
  '1 app, 300 servers': 1,
  '100 apps': 0.85,
  '1000 apps': 0.65,
  '1000 apps against HAProxy': 0.5,
  'one dead server of ten': 1.12,
  'one dead server of ten, failed requests': 0,
  'requests after an acknowledgement by old weights': 0,
  'push to acknowledgement, p99': 3,
  'full sync of 10000 apps': 100,
  'full sync of 10000 apps, longest stall': 10,
  'shared memory for an app of ten servers': 0.6,
  'Lua memory of a worker for an app of ten servers': 1.5,
};

export const edge: Lane = {
  limits: LIMITS,
  about,
  async run(length, done) {
    const cores = chooseCores();
    // What is started from here on shares the core of load and servers, unless it is measured.
    pin(process.pid, cores.others);
    await using(async (own) => {
      const servers = await own(startServers(300, cores));
      const bench: Bench = { cores, servers, pace: PACES[length] };
      for (const [what, part] of parts(bench, length)) {
        const began = performance.now();
        done(await part());
        console.error(`${what}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
      }
    });
  },
};

function parts(bench: Bench, length: Length): [string, () => Promise<Row[]>][] {
  return [
    ...[3, 30, 300].map((count): [string, () => Promise<Row[]>] => [
      `${count} servers`,
      () => oneAppRows(bench, count),
    ]),
    ...[1, 10, 100, 1000]
      .slice(1)
      .map((count): [string, () => Promise<Row[]>] => [
        `${count} apps`,
        () => manyAppsRows(bench, count),
      ]),
    ['a dead server', () => deadServerRows(bench)],
    ['updates', () => updateRows(bench, length)],
    ['full syncs', () => syncRows(bench, length)],
    ['memory', () => memoryRows(bench, length)],
  ];
}

function about(): string {
  const nginx = /nginx\/([\d.]+)/.exec(run('nginx -v'))?.[1] ?? '?';
  const haproxy = /version ([\d.]+)/.exec(run('haproxy -v'))?.[1] ?? '?';
  return `Ratios of CPU time for a request, plain HTTP, tiny answers: against static nginx with keepalive, unless the row names another. nginx ${nginx}, HAProxy ${haproxy}, one core.`;
}

function run(command: string): string {
  return execFileSync('sh', ['-c', `${command} 2>&1`], { encoding: 'utf8' });
}

// The demo: `npm start` without a configuration. With `once` it runs its script to the end and
// answers whether all of it held; without, it then shows the live table until a signal.

import { until } from '../../test/controlplane/until.ts';
import { Load } from '../../test/simulated/load.ts';
import { hostOf, startDemoFleet, type DemoFleet } from './fleet.ts';
import { allHeld, runScript } from './script.ts';
import { tableOf } from './table.ts';

export interface DemoOptions {
  readonly once: boolean;
  readonly json: boolean;
}

const TABLE_MS = 1000;
/** Behind the live table, over all apps and both edges. */
const REQUESTS_A_SECOND = 200;

/** Resolves to the exit code. */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const say = (text: string): void => {
    if (!options.json) process.stdout.write(`${text}\n`);
  };
  const fleet = await startDemoFleet();
  try {
    say(`API: ${fleet.url}/api/v1/apps`);
    await until('every edge has every app', async () => {
      const states = await Promise.all(fleet.edges.map((edge) => edge.state()));
      return states.every(({ documents }) => documents >= fleet.apps.length);
    });
    say(await tableOf(fleet));
    const pause = async (): Promise<void> => undefined;
    const steps = await runScript(fleet, { announce: say, pause, signal });
    say(await tableOf(fleet));
    const held = allHeld(steps);
    if (options.json) process.stdout.write(`${JSON.stringify({ held, steps })}\n`);
    if (options.once) return held ? 0 : 1;
    await showLive(fleet, signal);
    return 0;
  } finally {
    await fleet.close();
  }
}

async function showLive(fleet: DemoFleet, signal: AbortSignal): Promise<void> {
  const entries = fleet.edges.flatMap(({ url }) =>
    fleet.apps.map((app) => ({ url, host: hostOf(app) })),
  );
  const load = new Load({ entries, connections: 4, perSecond: REQUESTS_A_SECOND });
  load.start();
  try {
    await showTables(fleet, signal);
  } finally {
    await load.stop();
    await load.close();
  }
}

async function showTables(fleet: DemoFleet, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const clear = process.stdout.isTTY ? '\x1b[H\x1b[2J' : '';
    process.stdout.write(`${clear}${await tableOf(fleet)}\n`);
    await Promise.race([
      new Promise((resolve) => {
        setTimeout(resolve, TABLE_MS);
      }),
      new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      }),
    ]);
  }
}

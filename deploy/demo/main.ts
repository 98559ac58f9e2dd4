// The demo: `npm start` without a configuration. With `once` it runs its script to the end and
// answers whether all of it held; without, the live table runs beside and after it until a signal.

import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../test/controlplane/until.ts';
import { Load } from '../../test/simulated/load.ts';
import { hostOf, startDemoFleet, type DemoFleet } from './fleet.ts';
import { NO_SCREEN, openScreen, type Screen } from './screen.ts';
import { allHeld, runScript } from './script.ts';
import { readShown } from './shown.ts';

export interface DemoOptions {
  readonly once: boolean;
  readonly json: boolean;
}

/** Behind the live table, over all apps and both edges. */
const REQUESTS_A_SECOND = 200;

/** Resolves to the exit code. */
export async function runDemo(options: DemoOptions, signal: AbortSignal): Promise<number> {
  const stop = AbortSignal.any([signal, whenNobodyLooks()]);
  const fleet = await startDemoFleet();
  try {
    const title = `page: ${fleet.url}/   API: ${fleet.url}/api/v1/docs`;
    const screen = options.json ? NO_SCREEN : openScreen(process.stdout, title);
    await until('every edge has every app', async () => {
      const states = await Promise.all(fleet.edges.map((edge) => edge.state()));
      return states.every(({ documents }) => documents >= fleet.apps.length);
    });
    if (options.once) return await runOnce(fleet, screen, { json: options.json, stop });
    await runLive(fleet, screen, stop);
    return 0;
  } finally {
    await fleet.close();
  }
}

/** The terminal was closed, or who read the pipe has gone: without this the fleet would stay. */
function whenNobodyLooks(): AbortSignal {
  const gone = new AbortController();
  process.stdout.on('error', () => gone.abort());
  process.once('SIGHUP', () => gone.abort());
  return gone.signal;
}

async function runOnce(
  fleet: DemoFleet,
  screen: Screen,
  { json, stop }: { readonly json: boolean; readonly stop: AbortSignal },
): Promise<number> {
  screen.show(await readShown(fleet));
  const pause = async (): Promise<void> => undefined;
  const steps = await runScript(fleet, { announce: screen.say, pause, signal: stop });
  screen.show(await readShown(fleet));
  const held = allHeld(steps);
  if (json) process.stdout.write(`${JSON.stringify({ held, steps })}\n`);
  return held ? 0 : 1;
}

async function runLive(fleet: DemoFleet, screen: Screen, stop: AbortSignal): Promise<void> {
  const entries = fleet.edges.flatMap(({ url }) =>
    fleet.apps.map((app) => ({ url, host: hostOf(app) })),
  );
  const load = new Load({ entries, connections: 4, perSecond: REQUESTS_A_SECOND });
  load.start();
  try {
    await Promise.all([showTables(fleet, screen, stop), showScript(fleet, screen, stop)]);
  } finally {
    await load.close();
  }
}

async function showScript(fleet: DemoFleet, screen: Screen, stop: AbortSignal): Promise<void> {
  const pause = (): Promise<void> => rest(screen.pauseMs, stop);
  const steps = await runScript(fleet, { announce: screen.say, pause, signal: stop });
  if (stop.aborted) return;
  const verdict = allHeld(steps) ? 'all of it held' : 'NOT all of it held';
  screen.say(`the script has ended, ${verdict}; the table goes on until Ctrl-C`);
  screen.show(await readShown(fleet));
}

async function showTables(fleet: DemoFleet, screen: Screen, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    screen.show(await readShown(fleet));
    await rest(screen.everyMs, stop);
  }
}

/** For the eye only: nothing is synchronised by it. */
async function rest(milliseconds: number, stop: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}

// The program: `ballast --config FILE`, and the commands of cli/. Exit codes: cli/exit-codes.ts.

import { type Logger, pino } from 'pino';
import { type Running, startApp } from './app.ts';
import { createProgram, exitCodeOf, type RunOptions } from './cli/program.ts';
import { ConfigError, loadConfig } from './config.ts';

async function run(options: RunOptions): Promise<void> {
  const stop = new AbortController();
  const log = pino({ level: options.logLevel });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  if (options.config === undefined) {
    const { runDemo } = await import('../deploy/demo/main.ts');
    process.exitCode = await runDemo(options, stop.signal);
    return;
  }
  const file = options.config;
  const starting = startApp(loadConfig(file, process.env), log, stop.signal);
  reloadOnHangUp(file, starting, log);
  const running = await starting;
  log.info({ url: running.url }, 'ready');
  await running.stopped;
}

/** One after the other; what is wrong with the file is said, and changes nothing. */
function reloadOnHangUp(file: string, starting: Promise<Running>, log: Logger): void {
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const running = await starting;
      await running.reload(loadConfig(file, process.env));
      log.info({ file }, 'configuration read anew');
    } catch (error) {
      const faults = error instanceof ConfigError ? error.lines : [String(error)];
      log.error({ faults }, 'the configuration was not taken in');
    }
  };
  process.on('SIGHUP', () => {
    last = last.then(reload);
  });
}

try {
  await createProgram(run).parseAsync();
  process.exit();
} catch (error) {
  process.exit(exitCodeOf(error));
}

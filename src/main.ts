// The program: `ballast --config FILE`. Exit codes: 0 stopped by a signal, 1 failed, 2 wrong
// configuration or call, with one line for each fault.

import { Command, CommanderError, Option } from 'commander';
import { type Logger, pino } from 'pino';
import { type Running, startApp } from './app.ts';
import { ConfigError, loadConfig } from './config.ts';

const program = new Command('ballast')
  .description('keeps the upstream weights of an edge nginx tier in trim')
  .option('--config <file>', 'configuration, YAML; without it the demo fleet runs')
  .option('--once', 'demo: run the script of events to its end', false)
  .option('--json', 'demo: print one JSON object', false)
  .addOption(
    new Option('--log-level <level>', 'how much is logged')
      .choices(['error', 'warn', 'info', 'debug'])
      .default('info'),
  )
  .exitOverride()
  .action(run);

interface Options {
  readonly config?: string;
  readonly logLevel: string;
  readonly once: boolean;
  readonly json: boolean;
}

async function run(options: Options): Promise<void> {
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
  await program.parseAsync();
  process.exit();
} catch (error) {
  // Commander has written its line already.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.lines.join('\n')}\n`);
    process.exit(2);
  }
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  process.exit(1);
}

// The program: `ballast --config FILE`, and the commands of cli/. Exit codes: cli/exit-codes.ts.

import v8 from 'node:v8';
import type { Logger } from 'pino';
import type { Running } from './app.ts';
import { createProgram, exitCodeOf, type RunOptions } from './cli/program.ts';
import type { LoadedConfig } from './config.ts';
import { BallastError } from './errors.ts';

async function run(options: RunOptions): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  if (options.config === undefined) {
    const { runDemo } = await import('../deploy/demo/main.ts');
    process.exitCode = await runDemo(options, stop.signal);
    return;
  }
  // Loaded here, so that `--help` need not wait for it.
  const [{ pino }, { startApp }, { loadConfig }] = await Promise.all([
    import('pino'),
    import('./app.ts'),
    import('./config.ts'),
  ]);
  const log = pino({ level: options.logLevel });
  const file = options.config;
  const starting = startApp(loadConfig(file, process.env), log, stop.signal);
  reloadOnHangUp(starting, log, () => loadConfig(file, process.env));
  const running = await starting;
  log.info({ url: running.url, page: running.page }, 'ready');
  await running.stopped;
}

/** One after the other; what is wrong with the file is said, and changes nothing. */
function reloadOnHangUp(starting: Promise<Running>, log: Logger, load: () => LoadedConfig): void {
  let last: Promise<void> = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const running = await starting;
      const loaded = load();
      await running.reload(loaded);
      log.info({ file: loaded.file }, 'configuration read anew');
    } catch (error) {
      const isWrong = error instanceof BallastError && error.code === 'config-invalid';
      const faults = isWrong ? error.message.split('\n') : [String(error)];
      log.error({ faults }, 'the configuration was not taken in');
    }
  };
  process.on('SIGHUP', () => {
    last = last.then(reload);
  });
}

/** A pipe takes 64 KiB at once, and process.exit drops what it has not taken yet. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // Who read it may have gone: then there is nobody to write for.
    stream.on('error', () => resolve());
    stream.write('', () => resolve());
  });
}

// By itself V8 lets a heap grow to several times of what lives in it before it collects.
v8.setFlagsFromString('--heap-growing-percent=50');
try {
  await createProgram(run).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
await Promise.all([process.stdout, process.stderr].map(written));
process.exit();

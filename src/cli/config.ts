// `ballast config …`: a configuration, checked or shown as it is taken.

import { Command } from 'commander';

interface Options {
  readonly config: string;
}

export function configCommand(): Command {
  const config = new Command('config').description('a configuration file, checked or shown');
  config
    .command('check')
    .description('exit code 2 and a line for each fault, or nothing to say')
    .requiredOption('--config <file>', 'configuration, YAML')
    .action(async ({ config: file }: Options) => {
      await load(file);
      process.stdout.write(`${file}: good\n`);
    });
  config
    .command('print')
    .description('the configuration with its defaults and BALLAST_… variables, passwords left out')
    .requiredOption('--config <file>', 'configuration, YAML')
    .action(async ({ config: file }: Options) => {
      const loaded = await load(file);
      const { stringify } = await import('yaml');
      process.stdout.write(stringify(loaded.config, hideSecrets));
    });
  return config;
}

async function load(file: string) {
  const { loadConfig } = await import('../config.ts');
  return loadConfig(file, process.env);
}

/** Passwords stand in files, but for those that a URL carries. */
function hideSecrets(_key: unknown, value: unknown): unknown {
  if (typeof value !== 'string' || !URL.canParse(value)) return value;
  const url = new URL(value);
  if (url.password === '') return value;
  url.password = '***';
  return url.href;
}

// `ballast check`: what is wrong around Ballast, and the fix.

import { Command, Option } from 'commander';
import type { CheckOptions } from './check/run.ts';

export function checkCommand(): Command {
  return new Command('check')
    .description('finds what is wrong around Ballast, and names the fix')
    .requiredOption('--config <file>', 'configuration, YAML')
    .addOption(
      new Option('-o, --output <format>', 'how findings are written')
        .choices(['text', 'json'])
        .default('text'),
    )
    .option('--strict', 'warnings count as errors', false)
    .option('--timeout <seconds>', 'how long clusters may take for their lists', Number, 10)
    .action(async (options: CheckOptions) => (await import('./check/run.ts')).check(options));
}

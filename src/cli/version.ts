// `ballast version`: which one this is.

import { Command } from 'commander';
import { ballastVersion } from '../telemetry/version.ts';

export function versionCommand(): Command {
  return new Command('version').description('which one this is').action(() => {
    process.stdout.write(`ballast ${ballastVersion()}, Node ${process.version}\n`);
  });
}

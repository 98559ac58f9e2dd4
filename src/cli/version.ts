// `ballast version`: which one this is.

import { readFileSync } from 'node:fs';
import { Command } from 'commander';

export function versionCommand(): Command {
  return new Command('version').description('which one this is').action(() => {
    const file = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string };
    process.stdout.write(`ballast ${version}, Node ${process.version}\n`);
  });
}

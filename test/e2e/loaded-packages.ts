// Loaded before a program: says at its end, on standard error, which packages it took modules from.

import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';

const packages = new Set<string>();
registerHooks({
  load(url, context, next) {
    const [, name] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});
process.on('exit', () => writeSync(2, `loaded: ${[...packages].toSorted().join(' ')}\n`));

// Which Ballast this is.

import { readFileSync } from 'node:fs';

export function ballastVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}

// The table of a lane in README, between two markers. Written only when asked, so that a run leaves
// the checkout as it was.
//
// On failure: README without the markers is an error, and is not touched.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const README = join(import.meta.dirname, '..', '..', 'README.md');

export function writeTable(lane: string, text: string): void {
  const begin = `<!-- bench ${lane} -->\n`;
  const end = `<!-- end of bench ${lane} -->`;
  const readme = readFileSync(README, 'utf8');
  const [before, rest = ''] = readme.split(begin);
  const [, after] = rest.split(end);
  if (before === undefined || after === undefined)
    throw new Error(`README.md has no "${begin.trim()}" ... "${end}"`);
  writeFileSync(README, `${before}${begin}${text}\n${end}${after}`);
}

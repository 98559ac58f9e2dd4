// README's nginx blocks, so that tests run what a person copies.
//
// Comes in: a heading. Goes out: the texts of the blocks below it. On failure: an error that names it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

export function readmeBlocks(heading: string): string[] {
  const section = readme.split(`\n### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? '';
  const blocks = [...section.matchAll(/^```nginx\n([\s\S]*?)^```$/gm)].map(
    ([, text]) => text ?? '',
  );
  if (blocks.length === 0) throw new Error(`README has no nginx block below "${heading}"`);
  return blocks;
}

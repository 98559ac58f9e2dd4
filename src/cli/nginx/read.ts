// An nginx configuration with all that it includes.
//
// Comes in: a file. Goes out: its directives, each include replaced by what it names. On failure: a
// NginxFault with the place of the include, or of what nginx would not read either.

import { globSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type Directive, NginxFault, readDirectives } from './directives.ts';

const DEEPEST = 16;

export function readConfiguration(file: string): Directive[] {
  return readFile(file, { root: dirname(file), depth: 0, from: '' });
}

interface Way {
  /** Relative includes are relative to the first file, as nginx has it. */
  readonly root: string;
  readonly depth: number;
  readonly from: string;
}

function readFile(file: string, way: Way): Directive[] {
  const where = way.from === '' ? '' : `${way.from}: `;
  if (way.depth > DEEPEST) throw new NginxFault(`${where}includes lie deeper than ${DEEPEST}`);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { message } = cause as Error;
    const named = message.includes(file) ? message : `${file}: ${message}`;
    throw new NginxFault(`${where}${named}`, { cause });
  }
  return followIncludes(readDirectives(text, file), way);
}

function followIncludes(directives: readonly Directive[], way: Way): Directive[] {
  return directives.flatMap((one) => {
    if (one.name === 'include') return included(one, way);
    return one.block ? [{ ...one, block: followIncludes(one.block, way) }] : [one];
  });
}

function included({ words, place }: Directive, way: Way): Directive[] {
  const [pattern = ''] = words;
  const path = isAbsolute(pattern) ? pattern : join(way.root, pattern);
  const files = /[*?[]/.test(path) ? globSync(path).toSorted() : [path];
  return files.flatMap((file) => readFile(file, { ...way, depth: way.depth + 1, from: place }));
}

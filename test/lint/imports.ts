// The imports of a TypeScript file, read by pattern: our formatter fixes how they are written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineOf } from './files.ts';

export interface Import {
  readonly from: string;
  /** What is imported to be used at run time; none for types alone, `*` where names do not tell. */
  readonly values: readonly string[];
  readonly line: number;
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s+'([^']+)'/gm;
const BARE = /^import\s+'([^']+)'/gm;
const LATE = /\bimport\(\s*'([^']+)'\s*\)/g;

export function importsOf(root: string, file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const line = (match: RegExpExecArray) => lineOf(text, match.index);
  const written = [...text.matchAll(STATEMENT)].map((match) => ({
    from: match[3] ?? '',
    values: match[1] === undefined ? valuesOf(match[2] ?? '') : [],
    line: line(match),
  }));
  const others = [BARE, LATE].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      from: match[1] ?? '',
      values: ['*'],
      line: line(match),
    })),
  );
  return [...written, ...others];
}

function valuesOf(clause: string): string[] {
  const named = /^\{([\s\S]*)\}$/.exec(clause.trim())?.[1];
  if (named === undefined) return ['*'];
  return named
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
    .map((name) => name.split(/\s+as\s+/)[0] ?? name);
}

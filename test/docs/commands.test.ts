// Every command that README names, runbooks among it, is one that there is, with the options it says.

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const PROGRAM = createProgram(async () => {});

/** What is wrong with it, if anything is. */
function faultOf(line: string): string | undefined {
  const words = line
    .replaceAll(/"[^"]*"/g, 'TEXT')
    .split(/\s+/)
    .slice(1);
  let at: Command = PROGRAM;
  for (const word of words) {
    if (/^[^a-z-]/.test(word)) continue;
    if (word.startsWith('--')) {
      if (word === '--help') continue;
      if (!at.options.some(({ long }) => long === word)) return `${at.name()} has no ${word}`;
    } else if (at.commands.length > 0 && word !== 'help') {
      const named = word.split('|').map((name) => at.commands.find((one) => one.name() === name));
      const [next] = named;
      if (!next || named.includes(undefined)) return `${at.name()} has no ${word}`;
      at = next;
    }
  }
  return undefined;
}

test('every command in README is there, with its options', () => {
  const told = [...README.matchAll(/`(ballast [a-z][^`]*)`|^ *(?:\$ )?(ballast [a-z][^#\n]*)/gm)];
  const lines = told.map(([, inText, inBlock]) => (inText ?? inBlock ?? '').trim());
  expect(lines.length).toBeGreaterThan(100);
  const wrong = lines.map((line) => [line, faultOf(line)]).filter(([, fault]) => fault);
  expect(wrong).toEqual([]);
});

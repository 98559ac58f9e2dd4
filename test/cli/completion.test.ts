// Completion in a bash that has nothing but itself.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { call } from './run.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const SCRIPT = fileURLToPath(new URL('press-tab.bash', import.meta.url));

/** As bash does at TAB: the line, split where its own rules say. */
function complete(line: string, split: readonly string[], breaks = ' =:'): string[] {
  const { PATH = '' } = process.env;
  const out = execFileSync('bash', ['--norc', '--noprofile', '-u', SCRIPT, ...split], {
    encoding: 'utf8',
    env: { PATH, NODE: process.execPath, MAIN, LINE: line, BREAKS: breaks },
    // What it has to say there is a fault.
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return out.split('\n').filter((word) => word !== '');
}

test('commands, verbs and options, without the package bash-completion', () => {
  expect(complete('ballast ho', ['ballast', 'ho'])).toEqual(['hold']);
  expect(complete('ballast hold ', ['ballast', 'hold', ''])).toEqual([
    'list',
    'create',
    'delete',
    'help',
  ]);
  expect(
    complete('ballast weight pin shop --wh', ['ballast', 'weight', 'pin', 'shop', '--wh']),
  ).toEqual(['--why']);
  expect(complete('ballast no-such ', ['ballast', 'no-such', ''])).toEqual([]);
});

test('values of an option, also behind =, and where = splits no words', () => {
  const line = 'ballast hold list --output=js';
  expect(complete('ballast hold list -o ', ['ballast', 'hold', 'list', '-o', ''])).toContain(
    'yaml',
  );
  expect(complete(line, ['ballast', 'hold', 'list', '--output', '=', 'js'])).toEqual(['json']);
  expect(complete(line, ['ballast', 'hold', 'list', '--output=js'], ' ')).toEqual([
    '--output=json',
  ]);
});

test('nothing that stands in the line is run', () => {
  const line = 'ballast app get $(echo ran >&2) ';
  expect(complete(line, ['ballast', 'app', 'get', '$(echo ran >&2)', ''])).toEqual([]);
});

test.each(['bash', 'zsh', 'fish'])('there is one for %s', async (shell) => {
  const { code, out } = await call(['completion', shell]);
  expect(code).toBe(0);
  expect(out).toContain('complete');
});

// Whatever is refused has a code, a sentence that a person can act on, and a test.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REFUSALS } from '../../src/edges/refusals.ts';
import { ERRORS } from '../../src/errors.ts';

const ROOT = new URL('../../', import.meta.url);

interface Text {
  readonly path: string;
  readonly text: string;
}

function textsBelow(folder: string, kinds: RegExp): Text[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .filter((path) => kinds.test(path))
    .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }));
}

const SOURCES = [...textsBelow('src', /\.ts$/), ...textsBelow('lua', /\.lua$/)];
const TABLES = [
  'src/error-table.ts',
  'src/edges/refusals.ts',
  'src/model.ts',
  'src/edges/store.ts',
];
/** Beside this one and its like, which know of every code. */
const TESTS = textsBelow('test', /\.(ts|lua|yaml|json)$/).filter(
  ({ path }) => !path.startsWith('test/docs/') && !path.startsWith('test/lint/'),
);
const README = readFileSync(new URL('README.md', ROOT), 'utf8');

const isIn = (texts: readonly Text[], code: string): boolean =>
  texts.some(({ path, text }) => !TABLES.includes(path) && said(code).test(text));
const said = (code: string): RegExp => new RegExp(`(?<![\\w-])${code}(?![\\w-])`);

/** The codes of a union in a file of types. */
function union(path: string, name: string): string[] {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  const body = new RegExp(`export type ${name} =([^;]*);`).exec(text)?.[1] ?? '';
  return [...body.matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '');
}

/** First cells, in back quotes, of the table whose head begins so. */
function cellsOf(head: string): string[] {
  const table = README.split(`\n| ${head} |`)[1]?.split('\n\n')[0] ?? '';
  return [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1] ?? '');
}

const REASONS = union('src/model.ts', 'ReasonCode');

test.each(Object.entries(ERRORS))('error %s says what is and what to do', (code, entry) => {
  expect(entry.title).toMatch(/^[A-Z`].*[^.]$/);
  expect(entry.act).toMatch(/^[A-Z].*\.$/);
  expect(entry.status).toBeGreaterThanOrEqual(400);
  expect(isIn(SOURCES, code), 'somebody says it').toBe(true);
  expect(isIn(TESTS, code), 'a test provokes it').toBe(true);
});

test.each(REASONS)('reason %s is said, tested, and has its line in README', (code) => {
  expect(isIn(SOURCES, code), 'somebody says it').toBe(true);
  expect(isIn(TESTS, code), 'a test provokes it').toBe(true);
});

test.each(Object.entries(REFUSALS))('refusal %s of Redis says what it means', (code, text) => {
  expect(README).toContain(`| \`${code}\` | ${text} |`);
  expect(isIn(SOURCES, code), 'the script says it').toBe(true);
  expect(isIn(TESTS, code), 'a test provokes it').toBe(true);
});

test('README has each reason and each refusal once, in order', () => {
  expect(REASONS.length).toBeGreaterThan(25);
  expect(cellsOf('reason | it is said where')).toEqual(REASONS);
  expect(cellsOf('refusal')).toEqual(Object.keys(REFUSALS));
});

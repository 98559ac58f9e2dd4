// The list of faults names tests that are there.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const FOLDERS: Readonly<Record<string, string>> = {
  C: 'controlplane',
  E: 'e2e',
  I: 'inventory',
  K: 'clusters',
  L: 'lua',
};
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const named = [
  ...read('faults.md').matchAll(/([CEIKL])\/([\w-]+\.test\.ts): ([^|]+?)(?=; [CEIKL]\/| \|)/g),
];

test.each(named.map(([, folder = '', file = '', title = '']) => [title, folder, file]))(
  '%s (%s/%s)',
  (title, folder, file) => {
    expect(read(`${FOLDERS[folder]}/${file}`)).toContain(title);
  },
);

test('each row has a test', () => {
  const rows = read('faults.md').match(/^\| [^-].*\|$/gm) ?? [];
  expect(rows.slice(1).filter((row) => !/[CEIKL]\/[\w-]+\.test\.ts: /.test(row))).toEqual([]);
  expect(named.length).toBeGreaterThan(rows.length);
});

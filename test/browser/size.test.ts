// What has to come over the wire before anything is seen.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const BUILT = join(import.meta.dirname, '..', '..', 'src', 'admin', 'built');
const MOST = 150_000;

test('script and style are under 150 kB packed, and name nothing elsewhere', async () => {
  const names = await readdir(join(BUILT, 'assets'));
  const code = names.filter((name) => /\.(js|css)$/.test(name));
  expect(code.length).toBeGreaterThanOrEqual(2);
  let size = 0;
  for (const name of code) {
    const file = await readFile(join(BUILT, 'assets', name));
    size += gzipSync(file).length;
    // Namespaces of SVG and the like are names, not places.
    const places = file.toString().match(/https?:\/\/(?!www\.w3\.org\/)[^"'`\s)]+/g) ?? [];
    expect(places).toEqual([]);
    expect(file.toString()).not.toMatch(/@import|\burl\(/);
  }
  expect(size).toBeLessThan(MOST);
});

test('the page names its files from where it stands, and has no script of its own', async () => {
  const html = await readFile(join(BUILT, 'index.html'), 'utf8');
  const named = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, place]) => place);
  expect(named.length).toBeGreaterThanOrEqual(3);
  expect(named.filter((place) => !place?.startsWith('./assets/'))).toEqual([]);
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/);
});

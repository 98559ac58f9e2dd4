// The page is built where it is missing or was made from other sources, and only then.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Checkout, makeCheckout } from './checkout.ts';

// Plain JavaScript without declarations, because the set-up runs before TypeScript is there.
const path = join(import.meta.dirname, '..', '..', 'deploy', 'setup', 'page.mjs');
const { pageFault, buildPage } = (await import(path)) as {
  readonly pageFault: (root: string) => string | undefined;
  readonly buildPage: (root: string, fault: string) => Promise<void>;
};

let checkout: Checkout;

/** Writes where it is told to, and what it found. */
const VITE = `#!/bin/sh
mkdir -p "$5/assets"
cat src/admin/main.tsx > "$5/index.html"
echo built >> builds
[ -e broken ] && exit 1
exit 0
`;

beforeEach(() => {
  checkout = makeCheckout();
  checkout.write('src/admin/index.html', '<!doctype html>');
  checkout.write('src/admin/main.tsx', 'one');
  checkout.write('node_modules/.bin/vite', VITE, 0o755);
});

afterEach(() => checkout.remove());

const fault = (): string | undefined => pageFault(checkout.folder);
const build = (): Promise<void> => buildPage(checkout.folder, fault() ?? '');

it('it is built once, and again when a source is another', async () => {
  expect(fault()).toBe('not built');
  await build();
  expect(fault()).toBeUndefined();
  expect(checkout.read('src/admin/built/index.html')).toBe('one');

  checkout.write('src/admin/main.tsx', 'two');
  expect(fault()).toBe('built from other sources');
  await build();
  expect(fault()).toBeUndefined();
  expect(checkout.read('src/admin/built/index.html')).toBe('two');

  checkout.write('src/admin/say/new.tsx', '');
  expect(fault()).toBe('built from other sources');
  await build();
  checkout.write('package-lock.json', '{}');
  expect(fault()).toBe('built from other sources');
});

it('a build that fails leaves the last one, and says what was said', async () => {
  await build();
  checkout.write('src/admin/main.tsx', 'two');
  checkout.write('broken', '');
  await expect(build()).rejects.toThrow('failed: page (built from other sources)');
  expect(checkout.read('src/admin/built/index.html')).toBe('one');
  expect(fault()).toBe('built from other sources');
});

it('where there is nothing to build nothing is missing', () => {
  const bare = makeCheckout();
  expect(pageFault(bare.folder)).toBeUndefined();
  bare.remove();
});

it('the build of this checkout is not committed', () => {
  const root = join(import.meta.dirname, '..', '..');
  expect(readFileSync(join(root, '.gitignore'), 'utf8')).toContain('src/admin/built');
  expect(existsSync(join(root, 'src', 'admin', 'index.html'))).toBe(true);
});

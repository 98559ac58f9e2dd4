import { expect, it } from 'vitest';
import { type Files, inCheckout } from './broken.ts';
import { biome, luacheck, oxlint } from './tools.ts';

const lines = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

/** Rule: the least that breaks it. */
const BROKEN: Readonly<Record<string, Files>> = {
  'typescript(no-floating-promises)': {
    'src/a.ts': 'export async function a(): Promise<void> {}\na();\n',
  },
  'typescript(no-misused-promises)': {
    'src/a.ts': 'const a = async (): Promise<boolean> => true;\nif (a()) throw new Error();\n',
  },
  'import(no-cycle)': {
    'src/a.ts': "import type { B } from './b.ts';\nexport type A = B | 1;\n",
    'src/b.ts': "import type { A } from './a.ts';\nexport type B = A | 2;\n",
  },
  'eslint(max-lines)': { 'src/a.ts': lines(301, (at) => `export const a${at} = ${at};`) },
  'eslint(complexity)': {
    'src/a.ts': `export function a(b: number): number {\n${lines(10, (at) => `  if (b === ${at}) return ${at};`)}\n  return 0;\n}\n`,
  },
  'eslint(max-params)': {
    'src/a.ts': 'export const a = (b: 1, c: 1, d: 1, e: 1, f: 1): number[] => [b, c, d, e, f];\n',
  },
  'typescript(no-namespace)': { 'src/a.ts': 'export namespace A {\n  export const b = 1;\n}\n' },
  'typescript(parameter-properties)': {
    'src/a.ts': 'export class A {\n  constructor(readonly b: number) {}\n}\n',
  },
  'typescript(consistent-type-imports)': {
    'src/a.ts': "import { B } from './b.ts';\nexport const a: B = 1;\n",
    'src/b.ts': 'export type B = number;\n',
  },
  'typescript(switch-exhaustiveness-check)': {
    'src/a.ts':
      "export function a(b: 'x' | 'y'): number {\n  switch (b) {\n    case 'x':\n      return 1;\n  }\n  return 0;\n}\n",
  },
  'vitest(no-focused-tests)': {
    'test/a.test.ts': "import { it } from 'vitest';\nit.only('a', () => {});\n",
  },
  'vitest(no-disabled-tests)': {
    'test/a.test.ts': "import { it } from 'vitest';\nit.skip('a', () => {});\n",
  },
};

it.each(Object.entries(BROKEN))('%s bites', async (rule, files) => {
  expect((await inCheckout(files, oxlint)).join('\n')).toContain(rule);
});

const GLOBALS = ['Date.now()', 'performance.now()', 'process.pid', 'setTimeout(() => {}, 1)'];

it.each([...GLOBALS, "fetch('x')", 'console.log(1)', 'crypto.randomUUID()'])(
  'a pure file may not say %s',
  async (code) => {
    const said = await inCheckout({ 'src/plan/diff.ts': `export const a = ${code};\n` }, oxlint);
    expect(said.join('\n')).toContain('eslint(no-restricted-globals)');
  },
);

it.each([...GLOBALS, 'Math.random()'])('no file but the doors may say %s', async (code) => {
  const files = { 'src/jobs/runner.ts': `export const a = ${code};\n` };
  expect((await inCheckout(files, oxlint)).join('\n')).toContain('eslint(no-restricted-');
  expect(await inCheckout({ 'src/clock.ts': `export const a = ${code};\n` }, oxlint)).toEqual([]);
});

it('clean files pass', async () => {
  const files = {
    'src/a.ts': "export const a = 'b';\n",
    'lua/ballast/a.lua': 'local a = {}\nreturn a\n',
    'test/lua/a_spec.lua': "describe('a', function() it('b', function() end) end)\n",
  };
  for (const tool of [oxlint, biome, luacheck]) expect(await inCheckout(files, tool)).toEqual([]);
});

it('another format bites', async () => {
  expect(await inCheckout({ 'src/a.ts': 'export const a = "b"' }, biome)).not.toEqual([]);
});

it.each([
  ['a global', 'a = 1\n', 'W111'],
  ['an unused local', 'local a = 1\n', 'W211'],
  ['a long line', `return '${'x'.repeat(100)}'\n`, 'W631'],
])('luacheck bites: %s', async (_what, text, code) => {
  expect((await inCheckout({ 'lua/ballast/a.lua': text }, luacheck)).join('\n')).toContain(code);
});

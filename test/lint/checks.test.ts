import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Files, inCheckout } from './broken.ts';
import { checks } from './checks.ts';
import type { Check } from './files.ts';
import { luaPlaces, luaRequires } from './lua.ts';
import { fileNames, glossary, topLevel } from './names.ts';
import { pureFiles, purity } from './purity.ts';
import { erasable, relativeImports } from './typescript.ts';

const root = join(import.meta.dirname, '..', '..');

type Case = readonly [what: string, check: Check, files: Files, says: string];

const lua = (name: string, text: string): Files => ({ [`lua/ballast/${name}.lua`]: text });

const BROKEN: readonly Case[] = [
  [
    'an import of x.js for x.ts',
    relativeImports,
    { 'src/a.ts': "import { b } from './b.js';\n", 'src/b.ts': '' },
    'src/a.ts:1: no such file: ./b.js',
  ],
  [
    'an import without ending',
    relativeImports,
    { 'src/a.ts': "\nexport type { B } from './b';\n", 'src/b.ts': '' },
    'src/a.ts:2: no such file: ./b',
  ],
  ['an enum', erasable, { 'src/a.ts': 'export enum A {\n  B,\n}\n' }, 'src/a.ts:1'],
  [
    'a namespace',
    erasable,
    { 'src/a.ts': 'namespace A {\n  export let b = 1;\n}\n' },
    'src/a.ts:1',
  ],
  [
    'a parameter property',
    erasable,
    { 'src/a.ts': 'class A {\n  constructor(readonly b: 1) {}\n}\n' },
    'src/a.ts:1',
  ],
  [
    'a decorator of a class',
    erasable,
    { 'src/a.ts': '// one\n@sealed\nclass A {}\n' },
    'src/a.ts:2: decorators do not run',
  ],
  [
    'a decorator of a method',
    erasable,
    { 'src/a.ts': 'class A {\n  @bound() b() {}\n}\n' },
    'src/a.ts:2: decorators do not run',
  ],
  [
    'two Lua modules in a circle',
    luaRequires,
    {
      ...lua('a', "local b = require('ballast.b')\n"),
      ...lua('b', 'local function late() return require "ballast.a" end\n'),
    },
    'lua/ballast/a.lua:1: cycle: lua/ballast/a.lua -> lua/ballast/b.lua -> lua/ballast/a.lua',
  ],
  [
    'a Lua module that is not there',
    luaRequires,
    lua('a', "local ok, b = pcall(require, 'ballast.b')\n"),
    'lua/ballast/a.lua:1: no such module: lua/ballast/b.lua',
  ],
  [
    'shared memory beside state.lua',
    luaPlaces,
    lua('poll', 'local a = 1\nlocal b = ngx.shared.ballast\n'),
    'lua/ballast/poll.lua:2: only lua/ballast/state.lua names ngx.shared',
  ],
  [
    'ngx in a pure file',
    luaPlaces,
    lua('picker', 'ngx.log(1)\n'),
    'lua/ballast/picker.lua:1: a pure',
  ],
  ...[
    'ngx.now()',
    'ngx.time()',
    'ngx.localtime()',
    'ngx.req.start_time()',
    'os.time()',
    'os.date()',
  ].map(
    (call) =>
      [
        `the wall clock by ${call}`,
        luaPlaces,
        lua('poll', `\nlocal a = ${call}\n`),
        'lua/ballast/poll.lua:2: reads the wall clock',
      ] as const,
  ),
  ['a long Lua file', luaPlaces, lua('a', 'local b\n'.repeat(301)), 'too many lines (301)'],
  [
    'a banned word',
    glossary,
    { 'src/a.ts': '\nexport interface BackendPool {}\n' },
    'src/a.ts:2: BackendPool: say server, not backend',
  ],
  ['a file of odds and ends', fileNames, { 'src/plan/utils.ts': '' }, 'src/plan/utils.ts:1'],
  ['a folder of odds and ends', fileNames, { 'lua/common/a.lua': '' }, 'lua/common/a.lua:1'],
  ['something new at the top level', topLevel, { 'scripts/a.sh': '' }, 'scripts:1'],
];

it.each(BROKEN)('bites: %s', async (_what, check, files, says) => {
  expect((await inCheckout(files, check)).join('\n')).toContain(says);
});

it.each<readonly [string, Check, Files]>([
  [
    'comments and strings',
    erasable,
    { 'src/a.ts': "/**\n * @internal\n */\n// @ts-note\nconst a = ' @b';\n" },
  ],
  ['ngx in a comment', luaPlaces, lua('picker', '-- no ngx\n--[[ ngx.shared\n]]\nreturn 1\n')],
  [
    'a diamond of requires',
    luaRequires,
    {
      ...lua('a', "require('ballast.b')\nrequire('ballast.c')\n"),
      ...lua('b', "require('ballast.c')\n"),
      ...lua('c', ''),
    },
  ],
])('passes: %s', async (_what, check, files) => {
  expect(await inCheckout(files, check)).toEqual([]);
});

// Every listed file exists, so that only the complaint looked for is left.
const pureCheckout = (files: Files): Files => ({
  ...Object.fromEntries(pureFiles(root).map((file) => [file, ''])),
  ...files,
});

it.each([
  ["import { readFile } from 'node:fs';", 'src/plan/diff.ts:1'],
  ["import { randomUUID } from 'node:crypto';", 'src/plan/diff.ts:1'],
  ["import { type Logger, pino } from 'pino';", 'a pure file imports pino from pino'],
  ["import '../telemetry/metrics.ts';", 'src/plan/diff.ts:1'],
  ["import { open } from '../edges/redis-store.ts';", 'src/plan/diff.ts:1'],
])('a pure file may not say: %s', async (line, says) => {
  const files = pureCheckout({ 'src/plan/diff.ts': `${line}\n` });
  expect((await inCheckout(files, purity)).join('\n')).toContain(says);
});

it.each([
  "import type { Logger } from 'pino';",
  "import { weigh } from '../weights/rule.ts';",
  "import { isIPv4 } from 'node:net';",
  "import { type Static } from 'typebox';",
])('a pure file may say: %s', async (line) => {
  expect(await inCheckout(pureCheckout({ 'src/plan/diff.ts': `${line}\n` }), purity)).toEqual([]);
});

it('a file in a pure folder is listed, and a listed file exists', async () => {
  const said = await inCheckout({ ...pureCheckout({}), 'src/plan/new.ts': '' }, purity);
  expect(said).toEqual(['src/plan/new.ts:1: not listed as pure in .oxlintrc.json']);
  const without = await inCheckout({}, purity);
  expect(without).toHaveLength(pureFiles(root).length);
});

it('each pure file listed exists in this checkout', () => {
  expect(purity(root).filter((line) => line.includes('does not exist'))).toEqual([]);
});

it('npm run lint runs every check there is', () => {
  const all = [
    erasable,
    fileNames,
    glossary,
    luaPlaces,
    luaRequires,
    purity,
    relativeImports,
    topLevel,
  ];
  expect(Object.values(checks)).toEqual(expect.arrayContaining(all));
});

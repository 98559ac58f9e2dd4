// The picker's specs run in plain Lua, where its lists are tables: in nginx they are LuaJIT's arrays,
// and its loops are compiled. Both must pick alike.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEdge, type TestEdge } from './edge.ts';

let edge: TestEdge;

beforeAll(async () => {
  const script = join(import.meta.dirname, 'picker_both.lua');
  edge = await startEdge({
    redisUrl: 'redis://127.0.0.1:1',
    workers: 1,
    locations: `location /both { content_by_lua_file ${script}; }`,
  });
});

afterAll(() => edge?.close());

test.each([1, 2, 3])('as in plain Lua, pick for pick (%i)', async (seed) => {
  const reply = await fetch(`${edge.url}/both?seed=${seed}`);
  const [fast, plain, compared] = (await reply.text()).trim().split(' ');
  expect([fast, plain]).toEqual(['cdata', 'table']);
  expect(Number(compared)).toBeGreaterThan(10_000);
});

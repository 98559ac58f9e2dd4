// The contract of bodies with Lua: test/contract/bodies.json, which test/lua/document_spec.lua reads too.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/edges/digest.ts';
import {
  compareStamps,
  decodeUpstream,
  encodeUpstream,
  HOLDS,
  isFault,
  manifestText,
  parseManifestLine,
} from '../../src/edges/document.ts';

interface Bodies {
  readonly good: readonly {
    readonly app?: string;
    readonly body: string;
    readonly digest: string;
  }[];
  readonly bad: readonly { readonly name: string; readonly body: string }[];
}

const text = readFileSync(new URL('../contract/bodies.json', import.meta.url), 'utf8');
const { good, bad } = JSON.parse(text) as Bodies;

test.each(good)('$body has its digest', ({ body, digest }) => {
  expect(digestOf(body)).toBe(digest);
});

// `_holds` is stamped and pushed like an upstream, but it is none.
test.each(good.filter(({ app }) => app !== HOLDS))('$body is canonical', ({ body }) => {
  const upstream = decodeUpstream(body);
  if (isFault(upstream)) throw new Error(`${upstream.place}: ${upstream.text}`);
  expect(encodeUpstream(upstream)).toBe(body);
});

test.each(bad)('$name is refused with a place', ({ body }) => {
  const fault = decodeUpstream(body);
  if (!isFault(fault)) throw new Error('it was taken');
  expect(fault.place).not.toBe('');
  expect(fault.text).not.toBe('');
});

test('a fault says which server and which key', () => {
  const policy = { balance: 'smooth', whenUnhealthy: 'spread' };
  const server = { address: '10.0.0.1:80', from: 'vm', weight: 1 };
  const servers = [server, { ...server, address: '10.0.0.2:80', weight: 65536 }];
  const fault = decodeUpstream(JSON.stringify({ app: 'a', policy, servers }));
  expect(fault).toMatchObject({ place: 'servers[1].weight' });
});

test('servers and hosts are written in byte order, whatever order they come in', () => {
  const body = encodeUpstream({
    app: 'a',
    hosts: ['b.example', 'a.example', 'b.example'],
    policy: { whenUnhealthy: 'spread', balance: 'smooth' },
    servers: [
      { weight: 1, from: 'vm', address: '10.0.0.9:80' },
      { weight: 2, from: 'east', auto: 5, address: '10.0.0.10:80' },
    ],
  });
  expect(body).toBe(
    '{"app":"a","hosts":["a.example","b.example"],' +
      '"policy":{"balance":"smooth","whenUnhealthy":"spread"},' +
      '"servers":[{"address":"10.0.0.10:80","auto":5,"from":"east","weight":2},' +
      '{"address":"10.0.0.9:80","from":"vm","weight":1}]}',
  );
});

describe('lines of the manifest', () => {
  const digest = digestOf('x');

  test.each([`3 17 ${digest} controller`, `3 17 ${digest} endpoint`, '3 17 - controller'])(
    '%s reads and writes the same',
    (line) => {
      const read = parseManifestLine(line);
      expect(read && manifestText(read)).toBe(line);
    },
  );

  test.each(['', '3 17', `3 17 ${digest}`, `3 17 ${digest} nobody`, '3 17 abc controller'])(
    '"%s" is none',
    (line) => {
      expect(parseManifestLine(line)).toBeUndefined();
    },
  );
});

test('stamps compare by term first', () => {
  const stamps = [
    { term: 2, version: 1 },
    { term: 1, version: 9 },
    { term: 1, version: 10 },
  ];
  expect(stamps.toSorted(compareStamps)).toEqual([stamps[1], stamps[2], stamps[0]]);
});

// The fast reader of canonical bodies against the general one, and the JSON reader against Node's,
// in a real nginx: the fast paths are those of its LuaJIT.
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { startEdge, type TestEdge } from './edge.ts';

interface Body {
  readonly app: string;
  readonly body: string;
}

interface Verdict {
  readonly fast?: string;
  readonly general?: string;
  readonly why?: string;
  readonly taken: boolean;
  /** What a push made of it, where it reads the same. */
  readonly pushed: 'cdata' | 'string' | 'otherwise';
  readonly bytes?: string;
}

interface Answer {
  readonly bodies: readonly Verdict[];
  readonly calls: readonly { readonly pushed: string; readonly plain: string }[];
  readonly texts: readonly { readonly value?: string; readonly why?: string }[];
}

let edge: TestEdge;

beforeAll(async () => {
  const script = join(import.meta.dirname, 'agreement.lua');
  edge = await startEdge({
    redisUrl: 'redis://127.0.0.1:1',
    workers: 1,
    locations: `location /agreement { content_by_lua_file ${script}; }`,
  });
});

afterAll(() => edge?.close());

async function ask(
  bodies: readonly Body[],
  texts: readonly string[],
  calls: readonly string[] = [],
): Promise<Answer> {
  const body = JSON.stringify({ bodies, calls, texts });
  const reply = await fetch(`${edge.url}/agreement`, { method: 'POST', body });
  const text = await reply.text();
  if (reply.status !== 200) throw new Error(`${text}\n${await edge.errorLog()}`);
  return JSON.parse(text) as Answer;
}

const number = fc.oneof(fc.nat(65_535), fc.constantFrom(0, 1, 9, 10, 255, 256, 65_535));
const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const place = fc.oneof(label, fc.constantFrom('east', 'west', 'vm'));
const ipv4 = fc
  .tuple(fc.ipV4(), fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(80, 443)))
  .map(([ip, port]) => `${ip}:${port}`);
const ipv6 = fc
  .tuple(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }))
  .map(([ip, port]) => `[${ip}]:${port}`);
const policy = fc.constantFrom(
  { balance: 'smooth', whenUnhealthy: 'spread' },
  { balance: 'hash', key: 'cookie_session', whenUnhealthy: 'reject' },
  { balance: 'least', panic: 50, slowStart: { seconds: 60 }, whenUnhealthy: 'spread' },
);
const byBytes = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const bodyWith = (address: fc.Arbitrary<string>, most: number): fc.Arbitrary<Body> =>
  fc
    .record({
      app: fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/),
      hosts: fc.option(
        fc.uniqueArray(
          fc
            .tuple(fc.boolean(), label, label)
            .map(([star, a, b]) => `${star ? '*.' : ''}${a}.${b}`),
          { maxLength: 4 },
        ),
      ),
      policy,
      servers: fc.uniqueArray(
        fc.record({ address, auto: fc.option(number), from: place, weight: number }),
        { maxLength: most, selector: (server) => server.address },
      ),
    })
    .map(({ app, hosts, policy: rule, servers }) => ({
      app,
      body: JSON.stringify({
        app,
        ...(hosts && { hosts: hosts.toSorted(byBytes) }),
        policy: rule,
        servers: servers
          .toSorted((a, b) => byBytes(a.address, b.address))
          .map(({ address: at, auto, from, weight }) =>
            auto === null ? { address: at, from, weight } : { address: at, auto, from, weight },
          ),
      }),
    }));

/** One edit, mostly of the kind that a wrong writer makes. */
const edit = fc.record({
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  cut: fc.nat(3),
  put: fc.oneof(
    fc.constantFrom('', '0', '9', '00', ' ', '"', ',', '.', '-', '}', ']', '\\', '\u0000', '1e2'),
    fc.string({ maxLength: 3 }),
  ),
});

function apply(text: string, edits: readonly { at: number; cut: number; put: string }[]): string {
  return edits.reduce((now, { at, cut, put }) => {
    const start = Math.floor(at * now.length);
    return now.slice(0, start) + put + now.slice(start + cut);
  }, text);
}

/** One number written otherwise, or two neighbours of a list exchanged or made equal: still JSON. */
const spoil = fc.record({
  kind: fc.constantFrom('number', 'swap', 'repeat'),
  list: fc.constantFrom('servers', 'hosts'),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
  put: fc.constantFrom('00', '07', '256', '300', '65536', '65535', '0', '99999', '100000'),
});

type Spoil = ReturnType<typeof spoil.generate>['value'];

function spoiled(text: string, { kind, list, at, put }: Spoil): string {
  if (kind === 'number') {
    const numbers = [...text.matchAll(/\d+/g)];
    const { index = 0, 0: digits = '' } = numbers[Math.floor(at * numbers.length)] ?? {};
    return text.slice(0, index) + put + text.slice(index + digits.length);
  }
  const body = JSON.parse(text) as Record<string, unknown[] | undefined>;
  const items = body[list];
  if (items === undefined || items.length < 2) return text;
  const i = Math.floor(at * (items.length - 1));
  const pair = [items[i], items[i + 1]];
  items.splice(i, 2, ...(kind === 'swap' ? pair.reverse() : [pair[0], pair[0]]));
  return JSON.stringify(body);
}

const property = { numRuns: 12 };
const many = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 200, maxLength: 300 });

test('good bodies: the fast reader takes them, makes the same packed form, and the bytes come out again', async () => {
  await fc.assert(
    fc.asyncProperty(many(bodyWith(ipv4, 30)), async (bodies) => {
      const { bodies: verdicts } = await ask(bodies, []);
      for (const [i, { fast, general, bytes, pushed }] of verdicts.entries()) {
        expect(fast, bodies[i]?.body).toBe(general);
        expect(fast, bodies[i]?.body).toBeTypeOf('string');
        expect(pushed).toBe('cdata');
        expect(bytes).toBe(bodies[i]?.body);
      }
    }),
    property,
  );
});

test('bodies with IPv6 servers are taken too, with the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(many(bodyWith(fc.oneof(ipv4, ipv6), 6)), async (bodies) => {
      const { bodies: verdicts } = await ask(bodies, []);
      for (const [i, { fast, general, bytes }] of verdicts.entries()) {
        expect(bytes, bodies[i]?.body).toBe(bodies[i]?.body);
        if (fast !== undefined) expect(fast).toBe(general);
      }
    }),
    property,
  );
});

test('changed bodies: the fast reader takes none that the general one refuses, nor takes it otherwise', async () => {
  const changed = fc
    .tuple(bodyWith(ipv4, 5), fc.array(edit, { minLength: 1, maxLength: 2 }), spoil, fc.boolean())
    .map(([{ app, body }, edits, how, isSpoiled]) => ({
      app,
      body: isSpoiled ? spoiled(body, how) : apply(body, edits),
    }));
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(many(changed), async (bodies) => {
      const { bodies: verdicts } = await ask(bodies, []);
      for (const [i, { fast, general, taken, pushed }] of verdicts.entries()) {
        expect(pushed, bodies[i]?.body).not.toBe('otherwise');
        if (fast !== undefined) expect(fast, bodies[i]?.body).toBe(general);
        expect(taken, bodies[i]?.body).toBe(general !== undefined);
        if (general === undefined) refused++;
      }
    }),
    { numRuns: 30 },
  );
  expect(refused).toBeGreaterThan(1000);
});

test('one host alone, of whatever length, and hosts of many kinds', async () => {
  const long = (n: number): string => `${`${'a'.repeat(60)}.`.repeat(5).slice(0, n - 2)}.b`;
  const lists = [
    [],
    ...[3, 60, 63, 121, 126, 127, 128, 129, 200, 253].map((n) => [long(n).replace('..', 'x.')]),
    ['a.b', 'c.d'],
    ['*.a.b'],
    ['a.b', long(126).replace('..', 'x.')].toSorted(byBytes),
  ];
  const rule = { balance: 'smooth', whenUnhealthy: 'spread' };
  const bodies = lists.map((hosts) => ({
    app: 'shop',
    body: JSON.stringify({ app: 'shop', hosts, policy: rule, servers: [] }),
  }));
  const { bodies: verdicts } = await ask(bodies, []);
  for (const [i, { fast, general, bytes }] of verdicts.entries()) {
    expect(fast, bodies[i]?.body).toBeTypeOf('string');
    expect(fast, bodies[i]?.body).toBe(general);
    expect(bytes).toBe(bodies[i]?.body);
  }
});

const member = fc.oneof(
  fc.constantFrom('"app":"a"', '"app":"b"', '"term":65536', '"term": 65536', '"term":655360'),
  fc.constantFrom('"version":1', '"version":1.0', '"version":12', '"owner":"controller"'),
  fc.constantFrom('"owner" : "endpoint"', '"deleted":true', '"deleted":false', '"digest":"-"'),
  fc.constantFrom(
    '"body":"{\\"a\\":1}"',
    '"body":"{\\"a\\":2}"',
    '"body":"x"',
    '"body":{}',
    '"x":[{}]',
  ),
);

const keyOf = (text: string): string => text.slice(0, text.indexOf(':')).trim();
const members = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.uniqueArray(member, { minLength: 1, maxLength: 9, selector: keyOf }),
  },
  // A key twice.
  { weight: 1, arbitrary: fc.uniqueArray(member, { minLength: 1, maxLength: 9 }) },
);

test('the documents of a push read as any JSON does, whatever recurs in them', async () => {
  const call = fc
    .tuple(
      fc.array(members, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(3), { maxLength: 12 }),
      fc.array(edit, { maxLength: 1 }),
    )
    .map(([kinds, order, edits]) => {
      const documents = order.map((kind) => `{${(kinds[kind % kinds.length] ?? []).join(',')}}`);
      return apply(`{"term":1,"documents":[${documents.join(',')}]}`, edits);
    });
  let read = 0;
  await fc.assert(
    fc.asyncProperty(many(call), async (texts) => {
      const { calls } = await ask([], [], texts);
      for (const [i, { pushed, plain }] of calls.entries()) {
        expect(pushed, texts[i]).toBe(plain);
        if (plain.startsWith('{')) read++;
      }
    }),
    { numRuns: 30 },
  );
  expect(read).toBeGreaterThan(1000);
});

test('an upstream with more places than have numbers keeps its bytes', async () => {
  const servers = Array.from({ length: 400 }, (_, i) => ({
    address: `10.0.${Math.floor(i / 200)}.${(i % 200) + 1}:${1000 + i}`,
    from: `c-${i % 90}`,
    weight: i,
  })).toSorted((a, b) => byBytes(a.address, b.address));
  const rule = { balance: 'smooth', whenUnhealthy: 'spread' };
  const body = JSON.stringify({ app: 'many', policy: rule, servers });
  const { bodies } = await ask([{ app: 'many', body }], []);
  expect(bodies[0]).toMatchObject({ bytes: body, taken: true });
});

test("the contract's bodies: good ones are taken, bad ones are not", async () => {
  const path = join(import.meta.dirname, '..', 'contract', 'bodies.json');
  const contract = JSON.parse(readFileSync(path, 'utf8')) as {
    good: { app?: string; body: string }[];
    bad: { body: string }[];
  };
  const good = contract.good.map(({ app, body }) => ({
    app: app ?? (JSON.parse(body) as Body).app,
    body,
  }));
  const bad = contract.bad.map(({ body }) => ({ app: 'a', body }));
  const { bodies } = await ask([...good, ...bad], []);
  expect(bodies.map(({ taken }) => taken)).toEqual([
    ...good.map(() => true),
    ...bad.map(() => false),
  ]);
  expect(bodies.slice(good.length).every(({ fast }) => fast === undefined)).toBe(true);
});

test('exponents that the compiled Lua has no number for are refused with their place', async () => {
  const { texts } = await ask([], ['1e2000001', '[0,-1e-2000001]', '{"a":1E+9999999}']);
  expect(texts.map(({ why }) => why)).toEqual([
    'number out of range at byte 1',
    'number out of range at byte 4',
    'number out of range at byte 6',
  ]);
});

test('JSON is read as Node reads it, escapes among it', async () => {
  const text = fc.oneof(
    fc.json({ stringUnit: 'grapheme' }),
    fc
      .string({ unit: 'grapheme' })
      .map((value) => JSON.stringify({ body: JSON.stringify({ value }) })),
    fc.string({ unit: 'binary', maxLength: 30 }).map((value) => JSON.stringify([value])),
  );
  const strange = fc
    .tuple(text, fc.array(edit, { maxLength: 1 }))
    .map(([json, edits]) => apply(json, edits))
    // What Node takes and we do not, on purpose: half a surrogate pair, depth, an equal key.
    .filter(
      (json) =>
        !/\\u[dD][89a-fA-F]|[\ud800-\udfff]/.test(
          json.replace(/[\ud800-\udbff][\udc00-\udfff]/g, ''),
        ),
    );
  await fc.assert(
    fc.asyncProperty(many(strange), async (texts) => {
      const { texts: answers } = await ask([], texts);
      for (const [i, { value, why }] of answers.entries()) {
        const json = texts[i] ?? '';
        let expected: unknown;
        try {
          expected = JSON.parse(json);
        } catch {
          expect(value, json).toBeUndefined();
          continue;
        }
        if (why !== undefined) expect(why, json).toMatch(/twice|deeply|range/);
        else expect(JSON.parse(value ?? ''), json).toEqual(expected);
      }
    }),
    property,
  );
});

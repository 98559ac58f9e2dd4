import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startEdge, type TestEdge, type WireState } from './edge.ts';
import { bodyOf, documentOf, sha1 } from './leader.ts';
import { openClient, startServers, type TestServers } from './servers.ts';

// No Redis listens here: pushes alone must do.
const redisUrl = 'redis://127.0.0.1:1';
const client = openClient({ fresh: true });
let edge: TestEdge;
let servers: TestServers;
let [a, b] = ['', ''];

beforeAll(async () => {
  servers = await startServers(2);
  [a = '', b = ''] = servers.addresses;
  edge = await startEdge({ redisUrl, workers: 3 });
});

afterAll(async () => {
  await client.close();
  await edge?.close();
  await servers?.close();
});

interface Verdict {
  app: string;
  code: string;
  term?: number;
  version?: number;
  digest?: string;
  detail?: string;
}

async function push(documents: readonly object[], rest: object = {}) {
  const { status, json } = await edge.call('POST', '/v1/upstreams', {
    term: 10,
    base: null,
    mark: null,
    documents,
    ...rest,
  });
  return { status, ...(json as { verdicts: Verdict[]; state: WireState; highest?: number }) };
}

const at = (version: number, term = 10) => ({ term, version });

test('before any document a request gets 503 with Retry-After, and the edge is not ready', async () => {
  const answer = await client.get(edge.url, 'nobody.example');
  expect(answer).toMatchObject({ status: 503, retryAfter: '1' });
  expect((await edge.call('GET', '/ready')).status).toBe(503);
});

test('a request that begins after the answer sees the push, in every worker, twice in a second', async () => {
  for (const [version, address] of [
    [1, a],
    [2, b],
    [3, a],
  ] as const) {
    const { verdicts } = await push([
      documentOf('fast', at(version), bodyOf('fast', { [address]: 1 })),
    ]);
    expect(verdicts[0]).toMatchObject({ code: 'applied', ...at(version) });
    expect(await client.load(edge.url, 'fast.example', 200, 20)).toEqual(new Map([[address, 200]]));
  }
});

test('a stamp decides: lower is older, equal with other bytes a conflict, equal bytes take the stamp', async () => {
  const [one, two] = [bodyOf('stamp', { [a]: 1 }), bodyOf('stamp', { [a]: 2 })];
  await push([documentOf('stamp', at(5), one)]);
  const verdict = async (version: number, body: string | undefined) =>
    (await push([documentOf('stamp', at(version), body)])).verdicts[0];
  expect(await verdict(4, two)).toMatchObject({ code: 'older', ...at(5), digest: sha1(one) });
  expect(await verdict(5, two)).toMatchObject({ code: 'conflict', ...at(5), digest: sha1(one) });
  expect(await verdict(5, one)).toMatchObject({ code: 'same', ...at(5) });
  expect(await verdict(6, one)).toMatchObject({ code: 'same', ...at(6) });
  expect(await verdict(7, two)).toMatchObject({ code: 'applied', ...at(7), digest: sha1(two) });
  expect(await verdict(8, undefined)).toMatchObject({ code: 'applied', ...at(8), digest: '-' });
  expect(await verdict(7, two)).toMatchObject({ code: 'older', ...at(8), digest: '-' });
});

test('a conflict stands in the refused list until a higher stamp comes', async () => {
  const [one, two] = [bodyOf('quarrel', { [a]: 1 }), bodyOf('quarrel', { [a]: 2 })];
  await push([documentOf('quarrel', at(5), one)]);
  const { state } = await push([documentOf('quarrel', at(5), two)]);
  expect(state.refused).toContainEqual({ app: 'quarrel', ...at(5), code: 'conflict' });
  const later = await push([documentOf('quarrel', at(6), two)]);
  expect(later.state.refused.filter(({ app }) => app === 'quarrel')).toEqual([]);
});

test('a bad document is refused by name with the place, the good ones apply, and the mark passes', async () => {
  const good = documentOf('good', at(20), bodyOf('good', { [a]: 1 }));
  const text = bodyOf('bad', { [a]: 70_000 });
  const bad = documentOf('bad', at(20), text);
  const lying = { ...documentOf('liar', at(20), bodyOf('liar', { [a]: 1 })), digest: sha1('x') };
  const loose = documentOf('loose', at(20), bodyOf('loose', { [a]: 1 }).replace('{', '{ '));
  const { verdicts, state } = await push([good, bad, lying, loose]);
  expect(verdicts.map(({ code }) => code)).toEqual(['applied', 'bad', 'bad', 'bad']);
  expect(verdicts[1]?.detail).toBe('servers[0].weight: a whole number from 0 to 65535 expected');
  expect(verdicts[2]?.detail).toContain('digest');
  expect(verdicts[3]?.detail).toContain('canonical');
  expect(verdicts[1]?.digest).toBeUndefined();
  expect(state.refused).toContainEqual({ app: 'bad', ...at(20), code: 'bad' });
});

test('a push raises the mark only where the edge holds its base', async () => {
  const body = bodyOf('base', { [a]: 1 });
  const first = await push([documentOf('base', at(30), body)], { base: at(29), mark: at(30) });
  expect(first.state.mark).toBeNull();
});

test('a term that leaps, by mistake or by attack, is refused: the next leader must still fit above', async () => {
  const before = (await edge.state()).highest;
  const leap = before + 2 ** 37;
  for (const term of [leap, Number.MAX_SAFE_INTEGER]) {
    const { status, json } = await edge.call('POST', '/v1/gather', { term });
    expect([status, json]).toMatchObject([409, { code: 'term-leap', highest: before }]);
    expect(await edge.call('POST', '/v1/upstreams', { term, documents: [] })).toMatchObject({
      status: 409,
      json: { code: 'term-leap' },
    });
  }
  expect((await edge.state()).highest).toBe(before);
});

test('what no leader sends is told and not put on record, where nothing could clear it', async () => {
  const term = (await edge.state()).highest;
  const body = bodyOf('odd', { '10.0.0.1:80': 1 });
  const above = documentOf('odd', { term: term + 1, version: 1 }, body);
  const named = documentOf('a b', { term, version: 1 }, body);
  const reply = await edge.call('POST', '/v1/upstreams', { term, documents: [above, named] });
  expect(reply.json).toMatchObject({ verdicts: [{ code: 'bad' }, { code: 'bad' }] });
  const apps = (await edge.state()).refused.map(({ app }) => app);
  expect(apps).not.toContain('odd');
  expect(apps).not.toContain('a b');
});

test('a sender below the highest term is refused whole; a gather raises it first', async () => {
  const gathered = await edge.call('POST', '/v1/gather', { term: 12 });
  expect(gathered.status).toBe(200);
  const { state, manifest } = gathered.json as {
    state: WireState;
    manifest: Record<string, string>;
  };
  expect(state.highest).toBe(12);
  expect(manifest['fast']).toBe(`10 3 ${sha1(bodyOf('fast', { [a]: 1 }))} controller`);
  const late = await push([documentOf('fast', at(99, 11), bodyOf('fast', { [b]: 1 }))], {
    term: 11,
  });
  expect(late).toMatchObject({ status: 409, code: 'term-over', highest: 12 });
  expect(await client.load(edge.url, 'fast.example', 20)).toEqual(new Map([[a, 20]]));
  const again = await edge.call('POST', '/v1/gather', {
    term: 12,
    apps: ['fast', 'stamp', 'none'],
  });
  const { documents } = again.json as { documents: { app: string; body?: string }[] };
  expect(documents).toEqual([
    { ...documentOf('fast', at(3), bodyOf('fast', { [a]: 1 })) },
    { ...documentOf('stamp', at(8), undefined) },
  ]);
  expect((await edge.call('POST', '/v1/gather', { term: 11 })).status).toBe(409);
});

test('terms above 10^14 stay exact, on an edge that has seen none yet', async () => {
  const term = 65_536 * 2_000_000_000 + 12_345;
  const fresh = await startEdge({ redisUrl });
  try {
    const documents = [documentOf('exact', at(1, term), bodyOf('exact', { [a]: 1 }))];
    const pushed = await fresh.call('POST', '/v1/upstreams', { term, documents });
    expect(pushed.json).toMatchObject({
      state: { highest: term },
      verdicts: [{ code: 'applied', term }],
    });
    const { json } = await fresh.call('POST', '/v1/gather', { term });
    const { manifest } = json as { manifest: Record<string, string> };
    expect(manifest['exact']).toContain(`${term} 1 `);
  } finally {
    await fresh.close();
  }
});

test('a batch of 2,000 documents in a body that goes to a file is applied whole', async () => {
  const term = 65_536 * 1_000_000 + 12_345;
  const weights = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`10.0.0.${i + 1}:80`, i + 1]),
  );
  const documents = Array.from({ length: 2000 }, (_, i) =>
    documentOf(`many-${i}`, at(7, term), bodyOf(`many-${i}`, weights)),
  );
  const { verdicts, state } = await push(documents, { term });
  expect(verdicts.every(({ code }) => code === 'applied')).toBe(true);
  expect(state.documents).toBeGreaterThanOrEqual(2000);
  const { json } = await edge.call('GET', '/v1/upstreams/many-1999');
  expect(json).toMatchObject({ term, version: 7, owner: 'controller', app: 'many-1999' });
});

test('many large pushes at once, bad ones among them: each is applied, and none holds the others up', async () => {
  const one = await startEdge({ redisUrl, workers: 1 });
  onTestFinished(() => one.close());
  const calls = Array.from({ length: 6 }, (_, call) => ({
    term: call === 3 ? -1 : 10,
    base: null,
    mark: null,
    documents: Array.from({ length: 500 }, (_each, i) =>
      documentOf(`app-${call}-${i}`, at(1), bodyOf(`app-${call}-${i}`, { [String(a)]: 10 })),
    ),
  }));
  const statuses = calls.map(
    async (call) => (await one.call('POST', '/v1/upstreams', call)).status,
  );
  expect(await Promise.all(statuses)).toEqual([200, 200, 200, 400, 200, 200]);
  expect((await one.state()).documents).toBe(2500);
});

test('what is no call is told so, and changes nothing', async () => {
  const calls = [
    ['[]', 'body: an object expected'],
    ['{"term":', 'body: no value at byte 9'],
    ['{"term":-1,"documents":[]}', 'term'],
    ['{"term":1,"documents":{}}', 'documents: an array'],
    ['{"term":1,"documents":[1]}', 'documents[0]: an object'],
    ['{"term":1,"base":3,"documents":[]}', 'base'],
  ];
  for (const [body, detail] of calls) {
    const { status, json } = await edge.call('POST', '/v1/upstreams', body);
    expect([status, json]).toEqual([
      400,
      { code: 'bad', detail: expect.stringContaining(detail ?? '') },
    ]);
  }
});

test('a snapshot is written without Redis too, and `_holds` is kept as its bytes', async () => {
  const term = 65_536 * 1_000_000 + 12_345;
  const body = '{"debts":[],"holds":[{"id":"h1"}],"moved":[]}';
  const { verdicts } = await push([documentOf('_holds', at(8, term), body)], { term });
  expect(verdicts[0]?.code).toBe('applied');
  const hosts = await edge.call('GET', '/v1/upstreams/_holds');
  expect(hosts.json).toMatchObject({ holds: [{ id: 'h1' }], digest: sha1(body) });
  await until('no worker is behind', async () => {
    const { workers } = await edge.state();
    return workers.length === 3;
  });
});

test('a full memory refuses by name, loses nothing, and takes it when there is room', async () => {
  const small = await startEdge({ redisUrl, memory: '256k', name: 'small' });
  try {
    const large = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`10.0.${i}.1:8080`, i + 1]),
    );
    const send = async (documents: readonly object[]) => {
      const { json } = await small.call('POST', '/v1/upstreams', { term: 1, documents });
      return json as { verdicts: Verdict[]; state: WireState };
    };
    const kept = bodyOf('app-0', { [a]: 1 });
    await send([documentOf('app-0', at(1, 1), kept)]);
    const codes = new Set<string>();
    for (let i = 1; i < 200 && !codes.has('full'); i++) {
      const { verdicts } = await send([
        documentOf(`app-${i}`, at(1, 1), bodyOf(`app-${i}`, large)),
      ]);
      codes.add(verdicts[0]?.code ?? '');
    }
    expect(codes).toEqual(new Set(['applied', 'full']));
    const { verdicts, state } = await send([documentOf('app-0', at(2, 1), bodyOf('app-0', large))]);
    expect(verdicts[0]).toMatchObject({ code: 'full', ...at(1, 1), digest: sha1(kept) });
    expect(state.refused).toContainEqual({ app: 'app-0', ...at(2, 1), code: 'full' });
    expect(await client.load(small.url, 'app-0.example', 20)).toEqual(new Map([[a, 20]]));
    await send([1, 2, 3].map((i) => documentOf(`app-${i}`, at(2, 1), undefined)));
    const later = await send([documentOf('app-0', at(2, 1), bodyOf('app-0', large))]);
    expect(later.verdicts[0]?.code).toBe('applied');
    expect(later.state.refused.filter(({ app }) => app === 'app-0')).toEqual([]);
  } finally {
    await small.close();
  }
});

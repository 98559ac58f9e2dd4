import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isFree } from '../controlplane/ports.ts';
import { SimulatedApiServer } from './api-server.ts';
import type { Fault } from './faults.ts';
import type { RawClient } from './raw-client.ts';
import { createRawClient } from './raw-client.ts';

let server: SimulatedApiServer;
let client: RawClient;
let http2: boolean;

/** Every fault, over both protocols. */
function describeBoth(title: string, cases: () => void): void {
  describe.each([true, false])(`${title}, HTTP/2: %s`, (spoken) => {
    beforeEach(async () => {
      http2 = spoken;
      server = await new SimulatedApiServer({ name: 'east', http2 }).start();
      client = createRawClient(server, { http2 });
      for (let index = 0; index < 5; index++) putPod(`pod-${index}`);
    });

    afterEach(async () => {
      await client.close();
      await server.stop();
    });

    cases();
  });
}

const pods = '/api/v1/pods';
const watchPods = '/api/v1/pods?watch=true&allowWatchBookmarks=true&resourceVersion=1005';

function putPod(name: string, labels: Record<string, string> = {}): void {
  server.put('pods', { metadata: { name, namespace: 'prod', labels } });
}

/** Every fault must be gone without trace. */
async function expectHealthy(): Promise<void> {
  const fresh = createRawClient(server, { http2 });
  const list = (await fresh.ask(pods)).json();
  expect(list.items).toHaveLength(server.list('pods').length);
  await fresh.close();
}

describeBoth('faults of the connection', () => {
  it('refuse: cuts what is open and listens no more', async () => {
    const watch = await client.watch(watchPods);
    const { clear } = await server.fault({ kind: 'refuse' });
    await expect(watch.next()).rejects.toThrow();
    await expect(client.ask(pods)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // Or another test would take the port, and the server never come back.
    const port = Number(new URL(server.url).port);
    expect(await isFree(port)).toBe(false);
    await clear();
    await expectHealthy();
  });

  it('reset: cuts aimed watches at once, and each request', async () => {
    const watch = await client.watch(watchPods);
    const { clear } = await server.fault({ kind: 'reset', resources: ['pods'] });
    await expect(watch.next()).rejects.toThrow();
    await expect(client.ask(pods)).rejects.toThrow();
    expect((await client.ask('/api/v1/services')).status).toBe(200);
    await clear();
    await expectHealthy();
  });

  it('hang: never answers, and holds back events of open watches until cleared', async () => {
    const watch = await client.watch(watchPods);
    const { clear } = await server.fault({ kind: 'hang' });
    await expect(client.ask(pods, { deadlineMs: 50 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    let came = false;
    const event = watch.next().finally(() => {
      came = true;
    });
    putPod('late');
    const inside = createRawClient(server, { http2, inside: true });
    await inside.ask(pods);
    await inside.close();
    expect(came).toBe(false);
    await clear();
    expect((await event).object.metadata?.name).toBe('late');
    await expectHealthy();
  });

  it('half-open: open connections fall silent for good, new ones work', async () => {
    const watch = await client.watch(watchPods);
    const { clear } = await server.fault({ kind: 'half-open' });
    putPod('late');
    let came = false;
    void watch.next().then(
      () => (came = true),
      () => (came = true),
    );
    // Over HTTP/1.1 the watch has its connection for itself.
    if (http2) await expect(client.ask(pods, { deadlineMs: 50 })).rejects.toThrow();
    await expectHealthy();
    await clear();
    await expectHealthy();
    expect(came).toBe(false);
  });

  it('half-open for all: new connections are accepted and silent', async () => {
    const { clear } = await server.fault({ kind: 'half-open', connections: 'all' });
    await expect(client.ask(pods, { deadlineMs: 500 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(server.connections()).toEqual({ open: 0, accepted: 1 });
    await clear();
    await expectHealthy();
  });

  it('drip: bodies come in pieces, whole in the end', async () => {
    const { clear } = await server.fault({ kind: 'drip', bytes: 100, everyMs: 1 });
    expect((await client.ask(pods)).json().items).toHaveLength(5);
    const watch = await client.watch(watchPods);
    putPod('late');
    expect((await watch.next()).object.metadata?.name).toBe('late');
    await clear();
    await expectHealthy();
  });

  it('spares who asks from inside, unless told otherwise', async () => {
    const inside = createRawClient(server, { http2, inside: true });
    const outer = await server.fault({ kind: 'status', code: 500 });
    expect((await inside.ask(pods)).status).toBe(200);
    await outer.clear();
    await server.fault({ kind: 'status', code: 500, from: 'anywhere' });
    expect((await inside.ask(pods)).status).toBe(500);
    await inside.close();
  });
});

describeBoth('faults of the answer', () => {
  it.each([401, 403, 410, 500, 503] as const)('status %i as a Status object', async (code) => {
    const { clear } = await server.fault({ kind: 'status', code });
    const answer = await client.ask(pods);
    expect([answer.status, answer.json().kind, answer.json().code]).toEqual([code, 'Status', code]);
    await clear();
    await expectHealthy();
  });

  it('429 with Retry-After, twice only, for one kind only', async () => {
    const fault: Fault = {
      kind: 'status',
      code: 429,
      retryAfterSeconds: 7,
      resources: ['pods'],
      times: 2,
    };
    await server.fault(fault);
    const first = await client.ask(pods);
    expect([first.status, first.headers['retry-after']]).toEqual([429, '7']);
    expect((await client.ask('/api/v1/nodes')).status).toBe(200);
    expect((await client.ask(pods)).status).toBe(429);
    expect((await client.ask(pods)).status).toBe(200);
  });

  it('forbids lists and leaves watches alone when aimed so', async () => {
    await server.fault({ kind: 'status', code: 403, verbs: ['list'] });
    expect((await client.ask(pods)).status).toBe(403);
    expect((await client.watch(watchPods)).status).toBe(200);
  });

  it('expired: 410 for a list, 200 and an ERROR event for a watch, open ones too', async () => {
    const open = await client.watch(watchPods);
    const { clear } = await server.fault({ kind: 'expired' });
    expect((await open.next()).object.code).toBe(410);
    expect((await client.ask(pods)).status).toBe(410);
    const watch = await client.watch(watchPods);
    expect([watch.status, (await watch.next()).type]).toEqual([200, 'ERROR']);
    await clear();
    await expectHealthy();
  });

  it('error-event: a watch ends with another code', async () => {
    const open = await client.watch(watchPods);
    await server.fault({ kind: 'error-event', code: 429, retryAfterSeconds: 3, times: 1 });
    const { object } = await open.next();
    expect(object).toMatchObject({ code: 429, details: { retryAfterSeconds: 3 } });
    await expect(open.next()).rejects.toThrow('ended');
  });

  it('html: 200 and a web page, for lists and watches', async () => {
    const { clear } = await server.fault({ kind: 'html' });
    const answer = await client.ask(pods);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html']);
    const watch = await client.watch(watchPods);
    await expect(watch.next()).rejects.toThrow(SyntaxError);
    await clear();
    await expectHealthy();
  });

  it('broken-json: a body that ends in the middle, a line of a watch too', async () => {
    const watch = await client.watch(watchPods);
    const { clear } = await server.fault({ kind: 'broken-json' });
    const answer = await client.ask(pods);
    expect(answer.status).toBe(200);
    expect(() => answer.json()).toThrow(SyntaxError);
    putPod('late');
    await expect(watch.next()).rejects.toThrow(SyntaxError);
    await clear();
    await expectHealthy();
  });
});

describeBoth('faults of the content', () => {
  it('disorder: the older state follows the newer, also after a deletion', async () => {
    const watch = await client.watch(watchPods);
    await server.fault({ kind: 'disorder' });
    putPod('pod-0', { new: 'yes' });
    server.remove('pods', 'pod-0', 'prod');
    server.endWatches();
    const events = await watch.rest();
    expect(events.map(({ type, object }) => `${type} ${object.metadata?.resourceVersion}`)).toEqual(
      ['MODIFIED 1006', 'MODIFIED 1001', 'DELETED 1007', 'MODIFIED 1006'],
    );
  });

  it('duplicate: each event twice', async () => {
    const watch = await client.watch(watchPods);
    await server.fault({ kind: 'duplicate' });
    putPod('late');
    server.endWatches();
    expect((await watch.rest()).map(({ type }) => type)).toEqual(['ADDED', 'ADDED']);
  });

  it('empty-list: well formed, nothing in it', async () => {
    const { clear } = await server.fault({ kind: 'empty-list', resources: ['pods'] });
    const list = (await client.ask(pods)).json();
    expect([list.kind, list.items]).toEqual(['PodList', []]);
    await clear();
    await expectHealthy();
  });

  it('page-short: the last page never comes', async () => {
    await server.fault({ kind: 'page-short' });
    const first = (await client.ask(`${pods}?limit=2`)).json();
    const next = encodeURIComponent(first.metadata?.continue ?? '');
    const second = (await client.ask(`${pods}?limit=2&continue=${next}`)).json();
    expect([second.items?.length, second.metadata?.continue]).toEqual([2, undefined]);
    expect((await client.ask(`${pods}?limit=9`)).json().items).toEqual([]);
  });

  it('empty-list and page-short: of a list that comes as a watch too', async () => {
    const listed = `${watchPods.replace('&resourceVersion=1005', '')}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1`;
    const types = async () => (await (await client.watch(listed)).rest()).map(({ type }) => type);
    await server.fault({ kind: 'empty-list', times: 1 });
    const ended = [types()];
    await server.fault({ kind: 'page-short', times: 1 });
    ended.push(types());
    const [none = [], short = []] = await Promise.all(ended);
    expect(none.filter((type) => type === 'ADDED')).toHaveLength(0);
    expect(short.filter((type) => type === 'ADDED')).toHaveLength(3);
    expect(short).toContain('BOOKMARK');
  });

  it('time-skew: headers and objects tell another time of day', async () => {
    const hour = 3_600_000;
    const { clear } = await server.fault({ kind: 'time-skew', byMs: -hour });
    const answer = await client.ask(pods);
    const told = [
      String(answer.headers['date']),
      String(answer.json().items?.[0]?.metadata?.['creationTimestamp']),
    ];
    for (const time of told) expect(Date.now() - Date.parse(time)).toBeGreaterThan(hour - 60_000);
    const watch = await client.watch(watchPods);
    putPod('late');
    const { object } = await watch.next();
    const created = Date.parse(String(object.metadata?.['creationTimestamp']));
    expect(Date.now() - created).toBeGreaterThan(hour - 60_000);
    await clear();
    await expectHealthy();
  });

  it('restored: objects and versions go back, and a watch from the future is silent', async () => {
    const watch = await client.watch(watchPods);
    server.remove('pods', 'pod-0', 'prod');
    putPod('lost');
    await server.fault({ kind: 'restored', toVersion: 1004 });
    await expect(watch.rest()).rejects.toThrow();
    const list = (await client.ask(pods)).json();
    expect(list.metadata?.resourceVersion).toBe('1004');
    expect(list.items?.map((item) => item.metadata?.name)).toEqual(
      [0, 1, 2, 3].map((n) => `pod-${n}`),
    );
    const ahead = await client.watch(`${pods}?watch=true&resourceVersion=1007`);
    for (const name of ['w', 'x', 'y', 'z']) putPod(name);
    expect((await ahead.next()).object.metadata?.name).toBe('z');
  });
});

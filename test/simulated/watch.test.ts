import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedApiServer } from './api-server.ts';
import type { RawClient, RawEvent } from './raw-client.ts';
import { createRawClient } from './raw-client.ts';

let server: SimulatedApiServer;
let client: RawClient;

beforeEach(async () => {
  server = await new SimulatedApiServer({ name: 'east' }).start();
  client = createRawClient(server);
});

afterEach(async () => {
  await client.close();
  await server.stop();
});

function put(name: string, labels: Record<string, string> = {}): void {
  server.put('pods', { metadata: { name, namespace: 'prod', labels } });
}

function shorten({ type, object }: RawEvent): string {
  const { name, resourceVersion } = object.metadata ?? {};
  return `${type} ${name ?? ''}@${resourceVersion ?? object.code}`;
}

const initial = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';

describe('a watch', () => {
  it('goes on from a version, then tells each write once', async () => {
    put('a');
    put('b');
    const watch = await client.watch('/api/v1/pods?watch=true&resourceVersion=1001');
    put('c');
    put('a', { x: 'y' });
    put('a', { x: 'y' });
    server.remove('pods', 'b', 'prod');
    server.endWatches();
    expect((await watch.rest()).map(shorten)).toEqual([
      'ADDED b@1002',
      'ADDED c@1003',
      'MODIFIED a@1004',
      'DELETED b@1005',
    ]);
  });

  it('starts with what is there when it names no version', async () => {
    put('b');
    put('a');
    const watch = await client.watch('/api/v1/pods?watch=1');
    server.endWatches();
    expect((await watch.rest()).map(shorten)).toEqual(['ADDED a@1002', 'ADDED b@1001']);
  });

  it('sends more than a client reads at once, and what happens meanwhile after it', async () => {
    const filling = 'x'.repeat(100_000);
    for (let i = 10; i < 60; i++) put(`pod-${i}`, { filling });
    const watch = await client.watch(`/api/v1/pods?watch=true&${initial}`);
    put('late');
    const names: string[] = [];
    for (let i = 0; i < 52; i++) {
      const { type, object } = await watch.next();
      names.push(
        type === 'BOOKMARK'
          ? `list@${object.metadata?.resourceVersion}`
          : shorten({ type, object }),
      );
    }
    expect(names.slice(-3)).toEqual(['ADDED pod-59@1050', 'list@1050', 'ADDED late@1051']);
  });

  it('marks the end of initial events by a bookmark', async () => {
    put('a');
    const watch = await client.watch(`/api/v1/pods?watch=true&${initial}`);
    expect(shorten(await watch.next())).toBe('ADDED a@1001');
    const { type, object } = await watch.next();
    expect([type, object.metadata?.resourceVersion]).toEqual(['BOOKMARK', '1001']);
    expect(object.metadata?.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  it('refuses initial events without the right match, or on a server that has none', async () => {
    const bare = await client.ask('/api/v1/pods?watch=true&sendInitialEvents=true');
    expect(bare.status).toBe(422);
    const old = await new SimulatedApiServer({ watch: { watchList: false } }).start();
    const other = createRawClient(old);
    expect((await other.ask(`/api/v1/pods?watch=true&${initial}`)).status).toBe(422);
    await other.close();
    await old.stop();
  });

  it('turns a change of labels into coming and going', async () => {
    put('a', { app: 'shop' });
    const watch = await client.watch(
      '/api/v1/pods?watch=true&resourceVersion=1001&labelSelector=app%3Dshop',
    );
    put('a', { app: 'cart' });
    put('a', { app: 'cart', more: 'x' });
    put('a', { app: 'shop' });
    server.endWatches();
    expect((await watch.rest()).map(shorten)).toEqual(['DELETED a@1002', 'ADDED a@1004']);
  });

  it('hears nothing of other kinds and namespaces', async () => {
    const watch = await client.watch(
      '/api/v1/namespaces/stage/pods?watch=true&resourceVersion=1000',
    );
    put('a');
    server.put('services', { metadata: { name: 'a', namespace: 'stage' } });
    server.put('pods', { metadata: { name: 'mine', namespace: 'stage' } });
    expect(shorten(await watch.next())).toBe('ADDED mine@1003');
  });

  it('gets 200 and an ERROR event for an expired version', async () => {
    put('a');
    put('b');
    server.compact();
    const watch = await client.watch('/api/v1/pods?watch=true&resourceVersion=1001');
    expect(watch.status).toBe(200);
    expect((await watch.rest()).map(shorten)).toEqual(['ERROR @410']);
  });

  it('stays silent above the present version, without bookmarks', async () => {
    const watch = await client.watch(
      '/api/v1/pods?watch=true&resourceVersion=1003&allowWatchBookmarks=true',
    );
    server.bookmark();
    put('a');
    put('b');
    put('c');
    server.bookmark();
    put('d');
    server.endWatches();
    expect((await watch.rest()).map(shorten)).toEqual(['BOOKMARK @1003', 'ADDED d@1004']);
  });

  it('sends bookmarks only to who allows them', async () => {
    const path = '/api/v1/pods?watch=true&resourceVersion=1000';
    const plain = await client.watch(path);
    const marked = await client.watch(`${path}&allowWatchBookmarks=true`);
    server.put('services', { metadata: { name: 'a', namespace: 'prod' } });
    server.bookmark();
    server.endWatches();
    expect(await plain.rest()).toEqual([]);
    expect((await marked.rest()).map(shorten)).toEqual(['BOOKMARK @1001']);
  });

  it('sends bookmarks by itself', async () => {
    const quick = await new SimulatedApiServer({ watch: { bookmarkEveryMs: 5 } }).start();
    const other = createRawClient(quick);
    const path = '/api/v1/pods?watch=true&resourceVersion=1000&allowWatchBookmarks=true';
    const watch = await other.watch(path);
    expect([shorten(await watch.next()), shorten(await watch.next())]).toEqual([
      'BOOKMARK @1000',
      'BOOKMARK @1000',
    ]);
    await other.close();
    await quick.stop();
  });

  it('ends after timeoutSeconds with a last bookmark', async () => {
    const watch = await client.watch(
      '/api/v1/pods?watch=true&resourceVersion=1000&allowWatchBookmarks=true&timeoutSeconds=1',
    );
    expect((await watch.rest()).map(shorten)).toEqual(['BOOKMARK @1000']);
    expect(server.openWatches()).toBe(0);
  });

  it('is forgotten when the client goes', async () => {
    const watch = await client.watch('/api/v1/pods?watch=true&resourceVersion=1000');
    expect(server.openWatches('pods')).toBe(1);
    watch.close();
    await expect.poll(() => server.openWatches()).toBe(0);
  });
});

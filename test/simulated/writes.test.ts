import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedApiServer } from './api-server.ts';
import type { RawClient } from './raw-client.ts';
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

const deployments = '/apis/apps/v1/namespaces/prod/deployments';
const shop = { metadata: { name: 'shop' }, spec: { replicas: 2 } };
const merge = 'application/merge-patch+json';

describe('writes', () => {
  it('creates once, with uid, version and generation', async () => {
    const made = await client.ask(deployments, { method: 'POST', body: shop });
    expect(made.status).toBe(201);
    expect(made.json().metadata).toMatchObject({
      name: 'shop',
      namespace: 'prod',
      generation: 1,
      resourceVersion: '1001',
    });
    const again = await client.ask(deployments, { method: 'POST', body: shop });
    expect([again.status, again.json().reason]).toEqual([409, 'AlreadyExists']);
    const nameless = await client.ask(deployments, { method: 'POST', body: { metadata: {} } });
    expect(nameless.status).toBe(422);
  });

  it('replaces only at the version the writer has seen', async () => {
    const made = (await client.ask(deployments, { method: 'POST', body: shop })).json();
    const path = `${deployments}/shop`;
    const body = { metadata: made.metadata, spec: { replicas: 3 } };
    const first = await client.ask(path, { method: 'PUT', body });
    expect(first.json().metadata).toMatchObject({ generation: 2, uid: made.metadata?.uid });
    const second = await client.ask(path, { method: 'PUT', body });
    expect([second.status, second.json().reason]).toEqual([409, 'Conflict']);
    expect((await client.ask(`${deployments}/cart`, { method: 'PUT', body })).status).toBe(404);
  });

  it('merges a patch, and removes what is null', async () => {
    server.put('deployments', {
      metadata: { name: 'shop', namespace: 'prod', labels: { a: '1', b: '2' } },
      spec: { replicas: 2, paused: true },
    });
    const body = { metadata: { labels: { b: null } }, spec: { paused: null, replicas: 5 } };
    const patch = { method: 'PATCH', contentType: merge } as const;
    const patched = (await client.ask(`${deployments}/shop`, { ...patch, body })).json();
    expect(patched.metadata?.['labels']).toEqual({ a: '1' });
    expect(patched['spec']).toEqual({ replicas: 5 });
    const stale = { metadata: { resourceVersion: '1001' } };
    expect((await client.ask(`${deployments}/shop`, { ...patch, body: stale })).status).toBe(409);
    const other = { method: 'PATCH', contentType: 'application/json-patch+json' } as const;
    expect((await client.ask(`${deployments}/shop`, { ...other, body })).status).toBe(415);
  });

  it('applies: what is applied no more goes, what others wrote stays', async () => {
    const contentType = 'application/apply-patch+yaml';
    const apply = (body: object, query = '') =>
      client.ask(`${deployments}/shop?fieldManager=a${query}`, {
        method: 'PATCH',
        contentType,
        body,
      });
    const spec = { replicas: 2, paused: true };
    expect((await apply({ ...shop, spec }, '&dryRun=All')).status).toBe(201);
    expect((await client.ask(`${deployments}/shop`)).status).toBe(404);
    const made = await apply({ ...shop, spec });
    expect([made.status, made.json().kind]).toEqual([201, 'Deployment']);
    const labels = { method: 'PATCH', contentType: merge } as const;
    await client.ask(`${deployments}/shop`, {
      ...labels,
      body: { metadata: { labels: { b: '2' } } },
    });
    const next = await apply(shop);
    expect(next.json()).toMatchObject({ metadata: { labels: { b: '2' }, generation: 2 } });
    expect(next.json()['spec']).toEqual({ replicas: 2 });
    const { resourceVersion } = made.json().metadata ?? {};
    const stale = { ...shop, metadata: { name: 'shop', resourceVersion } };
    expect((await apply(stale)).status).toBe(409);
    const uid = { ...shop, metadata: { name: 'shop', uid: 'another' } };
    expect((await apply(uid)).status).toBe(409);
  });

  it('leaves status to the status subresource', async () => {
    await client.ask(deployments, { method: 'POST', body: shop });
    const status = { status: { replicas: 2 } };
    const patch = { method: 'PATCH', contentType: merge } as const;
    await client.ask(`${deployments}/shop/status`, { ...patch, body: status });
    const wrong = { status: { replicas: 9 } };
    const after = await client.ask(`${deployments}/shop`, { ...patch, body: wrong });
    expect(after.json()['status']).toEqual({ replicas: 2 });
  });

  it('deletes only what the preconditions name', async () => {
    const made = server.put('deployments', { metadata: { name: 'shop', namespace: 'prod' } });
    const path = `${deployments}/shop`;
    const remove = (preconditions: object) =>
      client.ask(path, { method: 'DELETE', body: { preconditions } });
    expect((await remove({ uid: 'another' })).status).toBe(409);
    expect((await remove({ resourceVersion: '1' })).status).toBe(409);
    const { uid, resourceVersion } = made.metadata;
    expect((await remove({ uid, resourceVersion })).json()['status']).toBe('Success');
    expect((await remove({})).status).toBe(404);
  });

  it('waits for finalizers', async () => {
    const metadata = { name: 'shop', namespace: 'prod', finalizers: ['keep/me'] };
    server.put('deployments', { metadata });
    const path = `${deployments}/shop`;
    const marked = (await client.ask(path, { method: 'DELETE' })).json();
    expect(marked.metadata?.['deletionTimestamp']).toBeTruthy();
    const body = { metadata: { finalizers: null } };
    await client.ask(path, { method: 'PATCH', contentType: merge, body });
    expect(server.get('deployments', 'shop', 'prod')).toBeUndefined();
  });

  it('scales by the subresource', async () => {
    await client.ask(deployments, { method: 'POST', body: shop });
    const path = `${deployments}/shop/scale`;
    expect((await client.ask(path)).json()).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } });
    const body = { spec: { replicas: 7 } };
    await client.ask(path, { method: 'PATCH', contentType: merge, body });
    expect(server.get('deployments', 'shop', 'prod')?.['spec']).toEqual({ replicas: 7 });
  });

  it('changes nothing in a dry run', async () => {
    const dry = await client.ask(`${deployments}?dryRun=All`, { method: 'POST', body: shop });
    expect(dry.status).toBe(201);
    expect(server.list('deployments')).toEqual([]);
    expect(server.store.version).toBe(1000);
  });
});

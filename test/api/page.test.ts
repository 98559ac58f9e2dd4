// The page's files as they are served, and who the caller is.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { readPage } from '../../src/api/page.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { accessBy, listText, tokenOf, writeList } from './access.ts';
import { closeAll, openApi } from './open-api.ts';

const folders: string[] = [];
afterEach(async () => {
  await closeAll();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function builtFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-page-'));
  folders.push(folder);
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Ballast</title>');
  await writeFile(join(folder, 'assets', 'a-1.js'), 'export {};\n'.repeat(100));
  return folder;
}

async function openWithPage(basePath = '') {
  const page = await readPage(await builtFolder());
  if (!page) throw new Error('no page was read');
  const { api } = await openApi({}, { page, basePath });
  return api;
}

test('it loads nothing of another place, stands in no frame, and is asked for anew', async () => {
  const api = await openWithPage();
  const { statusCode, headers, body } = await api.inject('/');
  expect(statusCode).toBe(200);
  expect(body).toContain('<title>Ballast</title>');
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  expect(headers).toMatchObject({
    'cache-control': 'no-cache',
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
  const again = await api.inject({ url: '/', headers: { 'if-none-match': String(headers.etag) } });
  expect([again.statusCode, again.body]).toEqual([304, '']);
});

test('its files are packed where that is taken, and kept for good', async () => {
  const api = await openWithPage();
  const plain = await api.inject('/assets/a-1.js');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(plain.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
  });
  const headers = { 'accept-encoding': 'br, gzip' };
  const packed = await api.inject({ url: '/assets/a-1.js', headers });
  expect(packed.headers['content-encoding']).toBe('gzip');
  expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length);
  expect(gunzipSync(packed.rawPayload).toString()).toBe(plain.body);
});

test.each(['none.js', 'index.html', '..%2findex.html', 'a-1.js%00'])(
  'no other file: %s',
  async (file) => {
    const api = await openWithPage();
    expect((await api.inject(`/assets/${file}`)).statusCode).toBe(404);
  },
);

test('below a base path, that a proxy left on or took away', async () => {
  const api = await openWithPage('/tools/ballast');
  expect((await api.inject('/tools/ballast/')).body).toContain('Ballast');
  expect((await api.inject('/')).body).toContain('Ballast');
  expect((await api.inject('/tools/ballast/assets/a-1.js')).statusCode).toBe(200);
  // Relative, for a proxy before this one may have taken more away.
  const bare = await api.inject('/tools/ballast');
  expect([bare.statusCode, bare.headers.location]).toEqual([308, 'ballast/']);
});

test('without a build the API goes on, and says what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-page-'));
  folders.push(folder);
  expect(await readPage(folder)).toBeUndefined();
  expect(await readPage(join(folder, 'none'))).toBeUndefined();
  const { call } = await openApi({});
  expect(await call('GET', '/')).toMatchObject({ status: 404, json: { code: 'page-missing' } });
  expect((await call('GET', '/livez')).status).toBe(200);
});

test('a caller learns who it is and what it may do', async () => {
  const list = await writeList(
    listText({
      vic: { roles: ['viewer'], apps: ['shop*'] },
      edgy: { roles: ['edge'], edges: ['e'] },
    }),
  );
  folders.push(join(list.file, '..'));
  const { call } = await openApi({}, { access: accessBy({ tokens: list.tokens }) });
  const as = (name: string) => ({ authorization: `Bearer ${tokenOf(name)}` });
  expect(await call('GET', '/api/v1/caller', undefined, as('vic'))).toEqual({
    status: 200,
    json: {
      name: 'vic',
      environment: 'test',
      grants: [{ roles: ['viewer'], apps: ['shop*'] }],
    },
  });
  expect((await call('GET', '/api/v1/caller', undefined, as('edgy'))).status).toBe(403);
  expect((await call('GET', '/api/v1/caller')).status).toBe(401);
});

test('a list of apps says what of each is where', async () => {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  east.set('shop', { pods: 3 });
  west.set('shop', { pods: 2 });
  const { controller, call } = await openApi({ clusters: [east, west] });
  await until('it is published', () => controller.published()?.app('shop') !== undefined);
  const { json } = await call('GET', '/api/v1/apps');
  expect(json.items[0].from).toEqual([
    { name: 'east', pods: 3, servers: 2, weight: 30 },
    { name: 'west', pods: 2, servers: 0, weight: 0 },
  ]);
});

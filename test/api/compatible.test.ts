// The API does not break those who were written for what test/contract/openapi.json says.

import { readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { breakingChanges, type ApiDocument } from './breaking-changes.ts';
import { closeAll, openApi } from './open-api.ts';

afterAll(closeAll);

const BASE = new URL('../contract/openapi.json', import.meta.url);
const base = async () => JSON.parse(await readFile(BASE, 'utf8')) as ApiDocument;

test('nothing of the last release is gone, or newly asked for', async () => {
  const { api } = await openApi({});
  const now = (await api.inject('/api/v1/openapi.json')).json<ApiDocument>();
  expect(breakingChanges(await base(), now)).toEqual([]);
});

/** Changes a copy of the document, whose parts have no types here. */
// oxlint-disable-next-line typescript/no-explicit-any
type Change = (document: any) => void;

test.each<[string, Change]>([
  ['GET /api/v1/apps is gone', ({ paths }) => delete paths['/api/v1/apps'].get],
  [
    'GET /api/v1/weights: query wait is gone',
    ({ paths }) => paths['/api/v1/weights'].get.parameters.splice(0, 1),
  ],
  [
    'GET /api/v1/apps: query page is now required',
    ({ paths }) =>
      (paths['/api/v1/apps'].get.parameters = [{ in: 'query', name: 'page', required: true }]),
  ],
  ['App/servers is gone', ({ components }) => delete components.schemas.App.properties.servers],
  [
    'App/name is no longer always there',
    ({ components }) => components.schemas.App.required.shift(),
  ],
  [
    'App/name is integer, not string',
    ({ components }) => (components.schemas.App.properties.name.type = 'integer'),
  ],
  [
    'POST /api/v1/holds: body/why is now required',
    ({ paths }) => (bodyOf(paths).required = ['why']),
  ],
  [
    'POST /api/v1/holds: body/kind no longer takes pin',
    ({ paths }) => bodyOf(paths).properties.kind.enum.splice(1, 1),
  ],
])('%s', async (expected, change) => {
  const old = await base();
  const now = structuredClone(old);
  change(now);
  expect(breakingChanges(old, now)).toContain(expected);
});

// oxlint-disable-next-line typescript/no-explicit-any
function bodyOf(paths: any): any {
  return paths['/api/v1/holds'].post.requestBody.content['application/json'].schema;
}

test('what is added breaks nobody', async () => {
  const old = await base();
  const now = structuredClone(old) as { paths: Record<string, unknown> };
  now.paths['/api/v1/new'] = { get: {} };
  expect(breakingChanges(old, now as unknown as ApiDocument)).toEqual([]);
});

// The OpenAPI document and the API hold each other: every answer to generated requests is what the document
// says, and none is an error of ours. CONTRACT_REQUESTS: how many (50,000 by hand, 5,000 else).

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { systemClock } from '../../src/clock.ts';
import type { EdgeBook } from '../../src/edges/edge-book.ts';
import { readEdgeState, type EdgeState } from '../../src/edges/edge-state.ts';
import { until } from '../controlplane/until.ts';
import { oweForJob } from '../../src/words/of-debts.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { type Content, faultsBy } from './answer-fault.ts';
import { closeAll, openApi } from './open-api.ts';
import { PLANNED } from './planned-migrations.ts';
import { requestsOf, type Operation, type Parameter, type Schema } from './request-arbitraries.ts';

const REQUESTS = Number(process.env['CONTRACT_REQUESTS'] ?? 5000);

interface Described {
  readonly operationId: string;
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const GOOD: Readonly<Record<string, readonly object[]>> = {
  postHolds: [
    { kind: 'drain', app: 'shop', cluster: 'east', why: 'x', id: 'h-1' },
    { kind: 'freeze', app: 'news', why: 'x', id: 'h-2', until: '2999-01-01T00:00:00Z' },
    { kind: 'pin', app: 'mail', cluster: 'west', weight: 7, why: 'x', id: 'h-3' },
    { holds: [{ kind: 'drain', server: '10.2.0.1:80', why: 'x', rampSeconds: 9 }] },
    { kind: 'freeze', cluster: 'east', why: 'x', lift: ['h-1'] },
  ],
  postMigrations: [{ apps: ['shop'], from: 'east', to: 'west' }],
  postMigrationsPlan: [
    { apps: ['shop'], from: 'east', to: 'west' },
    { apps: ['prod/shop'], from: 'east', to: 'west', mode: 'offline', degrade: true },
  ],
};
/** They take what is not there: a job, a debt, clusters that jobs may write to, an app of an endpoint, one that nobody names, a silent edge; or no other hold. */
const SELDOM = [
  'postAppsAppAdopt',
  'deleteAppsApp',
  'deleteClustersCluster',
  'deleteEdgesName',
  'postAppsAppRevert',
  'getJobsId',
  'postJobsIdPause',
  'postJobsIdResume',
  'postJobsIdAbort',
  'postJobsIdRetry',
  'postJobsIdSkip',
  'postJobsIdApprove',
  'postFanouts',
  'getMigrationsDebtsId',
  'postMigrationsDebtsIdConsent',
  'postMigrationsDebtsIdSettle',
];

/** Refused, so that it stands in the audit as that. */
const DENIED = { kind: 'drain', app: 'shop', why: 'x' };

let api: Awaited<ReturnType<typeof openApi>>['api'];
let book: EdgeBook;
let document: Document;
let operations: readonly (Operation & Pick<Described, 'responses' | 'operationId'>)[];
let faultOf: ReturnType<typeof faultsBy>;

beforeAll(async () => {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([1, 2].map((n) => ({ name: `e${n}`, address: `10.1.0.${n}:80` })));
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  for (const app of ['shop', 'news', 'mail']) {
    east.set(app, { pods: 8, hosts: [`${app}.example.com`] });
    west.set(app, { pods: 5 });
  }
  const opened = await openApi(
    { clusters: [east, west], objects: new Map([['east', new MemoryObjects('east')]]) },
    { migrations: PLANNED },
  );
  ({ api, book } = opened);
  await until('it leads', () => opened.controller.published()?.app('mail') !== undefined);
  const object = { apiVersion: 'v1', kind: 'Service', namespace: 'prod', name: 'mail' };
  const debt = { app: 'mail', cluster: 'east', objects: [{ ...object, uid: 'u' }], why: 'away' };
  await opened.controller.say(oweForJob({ ...debt, job: 'move-1', who: 'ann' }));
  document = (await api.inject('/api/v1/openapi.json')).json<Document>();
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const { parameters = [], requestBody, responses, operationId } = described;
      const body = requestBody?.content?.['application/json']?.schema;
      const url = path.startsWith('/') ? path : `/${path}`;
      const good = GOOD[operationId] ?? [];
      const told = { parameters, responses, operationId, good };
      return { method, path: url, ...told, ...(body && { body }) };
    }),
  );
  faultOf = faultsBy(document.components);
});
afterAll(closeAll);

/** events.test.ts has the one that does not. */
function endsByItself({ operationId }: Pick<Described, 'operationId'>): boolean {
  return operationId !== 'getEvents';
}

test('the document is OpenAPI 3.1, and every operation has a name of its own, words and answers', () => {
  expect(document.openapi).toBe('3.1.0');
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { summary, responses }] of Object.entries(methods)) {
      const good = Object.keys(responses).filter((status) => status.startsWith('2'));
      expect([path, method, summary === undefined, good.length > 0]).toEqual([
        path,
        method,
        false,
        true,
      ]);
      expect(responses, `${method} ${path}`).toHaveProperty('default');
    }
  }
});

/** A call that goes well, with the answer that the document says. */
const call = async (method: 'get' | 'post' | 'delete', id: string, url: string, body?: object) => {
  const operation = operations.find(({ operationId }) => operationId === id);
  const reply = await api.inject({
    method: method.toUpperCase() as 'GET',
    url,
    ...(body && { payload: body }),
  });
  expect(reply.statusCode, reply.body).toBeLessThan(300);
  if (!operation) throw new Error(`no operation ${id}`);
  expect(faultOf(operation, reply as unknown as Parameters<typeof faultOf>[1])).toBeUndefined();
  return reply.json<{ id: string; ids: string[]; items: { version: number }[] }>();
};

test('a revert, a retired edge and what they leave in history and audit are what the document says', async () => {
  const { items } = await call('get', 'getHistory', '/api/v1/history?app=shop');
  const asked = { version: items[0]?.version, why: 'x' };
  const url = '/api/v1/apps/shop/revert';
  await call('post', 'postAppsAppRevert', `${url}?dryRun=true`, asked);
  const { ids } = await call('post', 'postAppsAppRevert', url, asked);
  await call('delete', 'deleteHoldsId', `/api/v1/holds/${ids[0]}`);
  await api.inject({ method: 'POST', url: '/api/v1/holds', payload: DENIED });
  const audit = await call('get', 'getAudit', '/api/v1/audit');
  expect(audit.items).toHaveLength(4);
  const gone = { name: 'gone', start: 'a', beat: 1 };
  book.hear(readEdgeState(gone) as EdgeState, systemClock.now() - 60_000);
  await call('delete', 'deleteEdgesName', '/api/v1/edges/gone?confirm=gone');
  await call('get', 'getEdges', '/api/v1/edges');
  expect((await call('get', 'getAudit', '/api/v1/audit')).items).toHaveLength(5);
});

test('a fan-out, its job and what is said to it are what the document says', async () => {
  const text = [
    'apiVersion: ballast.io/v1\nkind: FanOut\nmetadata: {name: release}',
    'spec: {objects: all, clusters: [east], strategy: {weights: none, approval: before}}',
    '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}',
  ].join('\n');
  const body = { files: [{ name: 'a.yaml', text }] };
  await call('post', 'postFanouts', '/api/v1/fanouts?dryRun=true', body);
  const { id } = await call('post', 'postFanouts', '/api/v1/fanouts', body);
  const url = `/api/v1/jobs/${id}`;
  await call('post', 'postJobsIdPause', `${url}/pause`);
  await call('get', 'getJobs', '/api/v1/jobs');
  await call('post', 'postJobsIdResume', `${url}/resume`);
  const done = async () => (await api.inject(url)).json<{ state: string }>().state;
  await until('it asks', async () => (await done()) === 'WaitingApproval');
  await call('post', 'postJobsIdApprove', `${url}/approve`);
  await until('it is done', async () => (await done()) === 'Done');
  await call('get', 'getJobsId', url);
});

test('every answer is what the document says, and none is our error', {
  timeout: 600_000,
}, async () => {
  const meaningful = {
    app: ['shop', 'news', 'none'],
    cluster: ['east', 'west', 'vm'],
    server: ['10.1.0.1:80', '10.2.0.1:80'],
    id: ['h-1', 'h-2', 'h-3'],
    lift: ['h-1', 'h-2'],
    name: ['edge-1'],
    environment: ['test'],
    confirm: ['shop', 'east'],
    kind: ['drain', 'pin', 'freeze'],
    until: ['2999-01-01T00:00:00Z', 'soon'],
    wait: ['1s'],
    since: ['0-0'],
    weight: [0, 10],
    version: [2],
    continue: ['2-0'],
  };
  const any = fc.oneof(
    ...operations
      .filter(endsByItself)
      .map((operation) =>
        requestsOf(operation, meaningful).map((request) => ({ operation, request })),
      ),
  );
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(any, async ({ operation, request }) => {
      const { method, url, body } = request;
      const reply = await api.inject({
        method: method.toUpperCase() as 'GET',
        url,
        ...(body !== undefined && {
          payload: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      seen.add(`${operation.operationId} ${reply.statusCode}`);
      const fault = faultOf(operation, reply as unknown as Parameters<typeof faultOf>[1]);
      if (fault !== undefined) throw new Error(fault);
    }),
    { numRuns: REQUESTS },
  );
  // It must have met more than refusals.
  const ids = operations.filter(endsByItself).map(({ operationId }) => operationId);
  const refused = ids.filter((id) => ![...seen].some((one) => one.startsWith(`${id} 2`)));
  expect(refused.filter((id) => !SELDOM.includes(id))).toEqual([]);
});

test('an undescribed field in an answer would be found', () => {
  const operation = operations.find(({ operationId }) => operationId === 'getHolds');
  const body = JSON.stringify({ items: [], term: 1, version: 1, surprise: 1 });
  const reply = { statusCode: 200, body, headers: { 'content-type': 'application/json' } };
  expect(operation && faultOf(operation, reply)).toContain('must NOT have additional properties');
});

test('nor is it taken away on the way out', async () => {
  const { api: other, call: ask } = await openApi({});
  other.addHook('preSerialization', async (_request, _reply, payload: object) => ({
    ...payload,
    surprise: 1,
  }));
  expect(await ask('GET', '/readyz')).toMatchObject({ json: { ready: true, surprise: 1 } });
});

test('the page that shows it has no script, and names nothing elsewhere', async () => {
  const reply = await api.inject('/api/v1/docs');
  expect(reply.headers['content-security-policy']).toContain("default-src 'none'");
  expect(reply.body).not.toMatch(/<script|<link|<img|@import|url\(|https?:/);
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const method of Object.keys(methods)) {
      expect(reply.body).toContain(`<b>${method.toUpperCase()}</b> ${path}`);
    }
  }
  const ids = new Set([...reply.body.matchAll(/id="(\w+)"/g)].map(([, id]) => id));
  const links = [...reply.body.matchAll(/href="#(\w+)"/g)].map(([, id]) => id);
  expect(links.filter((id) => !ids.has(id))).toEqual([]);
});

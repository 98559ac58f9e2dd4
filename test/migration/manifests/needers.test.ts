// Who else needs what an app has.

import { expect, test } from 'vitest';
import { nameOf, type Manifest } from '../../../src/migration/manifests/manifest.ts';
import { needersOf } from '../../../src/migration/manifests/needers.ts';
import { leaving } from '../../../src/migration/flow/steps.ts';
import { planMigration } from '../../../src/migration/plan/plan.ts';
import {
  app,
  deployment,
  destination,
  object,
  OBJECTS,
  REQUEST,
  service,
  source,
  world,
} from '../plan/plan-world.ts';

const end = (name: string) => ({ path: `/${name}`, backend: { service: { name } } });
const leads = (name: string, services: readonly string[]): Manifest =>
  object('networking.k8s.io/v1', 'Ingress', name, {
    spec: { rules: [{ host: 'www.example.com', http: { paths: services.map(end) } }] },
  });
const web = (...names: readonly string[]): Manifest => leads('web', names);
const route = (...backendRefs: readonly object[]): Manifest =>
  object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'web', {
    spec: { rules: [{ backendRefs }] },
  });
/** Of nobody: it has no label of its own. */
const all = object('v1', 'Service', 'all', { spec: { selector: { tier: 'front' } } });
const TEMPLATE = { metadata: { labels: { tier: 'front' } }, spec: { containers: [] } };
const front = (name: string): Manifest => {
  const one = deployment(name, 1);
  return { ...one, spec: { ...(one['spec'] as object), template: TEMPLATE } };
};
const going = (one: Manifest): Manifest => ({
  ...one,
  metadata: { ...one.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

const SHOP = [deployment('shop', 1), service('shop')];
const NEWS = [deployment('news', 1), service('news')];
const OWN = new Set([...SHOP, web(), route(), all].map(nameOf));

const needers = (one: Manifest, objects: readonly Manifest[]) =>
  needersOf(one, OWN, { objects, unread: new Set() }).needers;

test.each([
  ['an Ingress of its own', web('shop'), [...SHOP, ...NEWS], []],
  ['an Ingress of two', web('shop', 'news'), [...SHOP, ...NEWS], ['Service prod/news']],
  ['one whose other has gone', web('shop', 'news'), SHOP, []],
  ['one whose other goes', web('shop', 'news'), [...SHOP, going(service('news'))], []],
  [
    'an Ingress to a bucket',
    object('networking.k8s.io/v1', 'Ingress', 'web', {
      spec: { defaultBackend: { resource: { kind: 'Bucket', name: 'pictures' } } },
    }),
    SHOP,
    ['Bucket prod/pictures'],
  ],
  [
    'a route of two',
    route({ name: 'shop' }, { name: 'news' }),
    [...SHOP, ...NEWS],
    ['Service prod/news'],
  ],
  ['a route to elsewhere', route({ name: 'a', namespace: 'other' }), SHOP, ['Service other/a']],
  ['a Service of its own', service('shop'), [...SHOP, ...NEWS, web('shop')], []],
  ['a Service of two', all, [front('shop'), front('news')], ['Deployment prod/news']],
  [
    'a route to a Service of two',
    web('all'),
    [front('shop'), front('news'), all],
    ['Deployment prod/news'],
  ],
  [
    'a Service that another’s StatefulSet names',
    service('shop'),
    [...SHOP, object('apps/v1', 'StatefulSet', 'news', { spec: { serviceName: 'shop' } })],
    ['StatefulSet prod/news'],
  ],
  [
    'a Service that another’s route has come to lead to',
    service('shop'),
    [...SHOP, leads('news', ['shop'])],
    ['Ingress prod/news'],
  ],
  [
    'a Deployment that another’s Rollout takes its template from',
    deployment('shop', 0),
    [
      deployment('shop', 0),
      object('argoproj.io/v1alpha1', 'Rollout', 'news', {
        spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' } },
      }),
    ],
    ['Rollout prod/news'],
  ],
] as const)('%s', (_, one, around, expected) => {
  expect(needers(one, around)).toEqual(expected);
});

interface Status {
  readonly replicas?: number;
  readonly status?: object;
}

/** Whatever has such pods, as its owner has made it. */
function pods(kind: string, name: string, owner?: Manifest, { replicas = 1, status }: Status = {}) {
  const one = object(kind === 'Pod' ? 'v1' : 'apps/v1', kind, name, {
    spec: { replicas, template: TEMPLATE },
    ...(status && { status }),
  });
  const { labels } = TEMPLATE.metadata;
  const maker = owner && {
    ownerReferences: [
      {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.metadata.name,
        uid: owner.metadata.uid,
        controller: true,
      },
    ],
  };
  return { ...one, metadata: { ...one.metadata, ...(kind === 'Pod' && { labels }), ...maker } };
}

const batch = (kind: 'Job' | 'CronJob', name: string, more: object = {}): Manifest => {
  const spec =
    kind === 'Job' ? { template: TEMPLATE } : { jobTemplate: { spec: { template: TEMPLATE } } };
  return object('batch/v1', kind, name, { spec, ...more });
};
const ended = (type: string) => ({ status: { conditions: [{ type, status: 'True' }] } });

const OLD = pods('ReplicaSet', 'news-1', deployment('news', 1));
const SHOP_SET = pods('ReplicaSet', 'shop-1', front('shop'));
const ROLLOUT = object('argoproj.io/v1alpha1', 'Rollout', 'news', { spec: {} });
const CLONES = object('apps.kruise.io/v1beta1', 'StatefulSet', 'news', { spec: {} });

test.each([
  ['a DaemonSet', [pods('DaemonSet', 'logs')], ['DaemonSet prod/logs']],
  ['a ReplicaSet that nobody owns', [pods('ReplicaSet', 'bare')], ['ReplicaSet prod/bare']],
  [
    'one that waits without pods',
    [pods('ReplicaSet', 'bare', undefined, { replicas: 0 })],
    ['ReplicaSet prod/bare'],
  ],
  ['a pod that nobody owns', [pods('Pod', 'bare')], ['Pod prod/bare']],
  ['a Job', [batch('Job', 'sums')], ['Job prod/sums']],
  ['a CronJob', [batch('CronJob', 'sums')], ['CronJob prod/sums']],
  [
    'Jobs that have run',
    [batch('Job', 'a', ended('Complete')), batch('Job', 'b', ended('Failed'))],
    [],
  ],
  [
    'pods that have run',
    [
      pods('Pod', 'a', undefined, { status: { phase: 'Succeeded' } }),
      pods('Pod', 'b', undefined, { status: { phase: 'Failed' } }),
    ],
    [],
  ],
  ['a pod that goes', [going(pods('Pod', 'bare'))], []],
  ['its own ReplicaSet and pod', [front('shop'), SHOP_SET, pods('Pod', 'shop-1-a', SHOP_SET)], []],
  ['the same, its Deployment deleted', [SHOP_SET, pods('Pod', 'shop-1-a', SHOP_SET)], []],
  ['its pod, the ReplicaSet deleted too', [pods('Pod', 'shop-1-a', SHOP_SET)], []],
  [
    'another’s former version, whose pods run on',
    [deployment('news', 1), OLD, pods('Pod', 'news-1-a', OLD)],
    ['Deployment prod/news'],
  ],
  [
    'another’s former version',
    [deployment('news', 1), pods('ReplicaSet', 'news-1', deployment('news', 1), { replicas: 0 })],
    [],
  ],
  ['what is left of another that is gone', [OLD, pods('Pod', 'news-1-a', OLD)], []],
  [
    'pods of a kind that nobody looks at',
    [pods('Pod', 'news-0', CLONES)],
    ['StatefulSet prod/news'],
  ],
  [
    'pods that own each other',
    [
      pods('ReplicaSet', 'a', pods('ReplicaSet', 'b')),
      pods('ReplicaSet', 'b', pods('ReplicaSet', 'a')),
    ],
    ['ReplicaSet prod/a', 'ReplicaSet prod/b'],
  ],
] as const)('behind a Service: %s', (_, around, expected) => {
  expect(needers(all, around)).toEqual(expected);
});

test('who may not be looked at may need it, and what such a one makes does', () => {
  const set = pods('ReplicaSet', 'news-1', ROLLOUT);
  const unread = new Set(['Rollout', 'Secret']);
  const around = { objects: [set, ROLLOUT], unread };
  expect(needersOf(all, OWN, around)).toEqual({
    needers: ['Rollout prod/news'],
    unread: ['Rollout'],
  });
  const [deployed] = SHOP;
  if (deployed) expect(needersOf(deployed, OWN, around).unread).toEqual(['Rollout']);
  expect(needersOf(web(), OWN, { objects: [], unread: new Set(['Secret']) }).unread).toEqual([]);
});

const NAMED = (kind: string): Manifest => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'key', namespace: 'prod' },
});
const spec = (volume: object) => ({ spec: { ...TEMPLATE.spec, volumes: [volume] } });
const reads = (volume: object) => ({ spec: { template: { ...TEMPLATE, ...spec(volume) } } });
const KEY = { secret: { secretName: 'key' } };
const ACCOUNT = { serviceAccountName: 'puller' };

test.each([
  ['a DaemonSet', object('apps/v1', 'DaemonSet', 'logs', reads(KEY)), 'DaemonSet prod/logs'],
  ['a pod', object('v1', 'Pod', 'bare', spec(KEY)), 'Pod prod/bare'],
  [
    'a CronJob',
    object('batch/v1', 'CronJob', 'sums', { spec: { jobTemplate: reads(KEY) } }),
    'CronJob prod/sums',
  ],
  [
    'an Ingress',
    object('networking.k8s.io/v1', 'Ingress', 'tls', { spec: { tls: [{ secretName: 'key' }] } }),
    'Ingress prod/tls',
  ],
  [
    'a pod by its account',
    object('v1', 'Pod', 'bare', { spec: { ...TEMPLATE.spec, ...ACCOUNT } }),
    'Pod prod/bare',
  ],
] as const)('a Secret that %s names', (_, one, expected) => {
  const account = object('v1', 'ServiceAccount', 'puller', { imagePullSecrets: [{ name: 'key' }] });
  const objects = [account, one];
  expect(needers(NAMED('Secret'), objects)).toEqual([expected]);
  expect(needers(NAMED('ConfigMap'), objects)).toEqual([]);
  expect(needers(NAMED('Secret'), [account, going(one)])).toEqual([]);
});

test('by its name alone nobody counts whom it leads to', () => {
  const objects = [front('news'), service('news'), leads('news', ['all'])];
  const { spec: _, ...name } = all;
  expect(needers(all, objects)).toEqual(['Deployment prod/news', 'Ingress prod/news']);
  expect(needers(name as Manifest, objects)).toEqual(['Ingress prod/news']);
});

const objects = [
  ...[...OBJECTS, ...NEWS].map((one) => (one.kind === 'Deployment' ? labelled(one) : one)),
  web('shop', 'news'),
  all,
];

/** With its own label too. */
function labelled(one: Manifest): Manifest {
  const labels = { app: one.metadata.name, ...TEMPLATE.metadata.labels };
  const template = { ...TEMPLATE, metadata: { labels } };
  return { ...one, spec: { ...(one['spec'] as object), template } };
}

function planned(there: readonly Manifest[] = [], unread: readonly string[] = []) {
  const namespaces = new Map([['prod', { objects: there, unread: new Set<string>() }]]);
  const plan = planMigration(
    REQUEST,
    world({
      apps: [app('shop', { source: source(objects, { unread: new Set(unread) }) })],
      destination: destination({ namespaces }),
    }),
  );
  const said = plan.findings.filter(({ code }) => code === 'shared' || code === 'unread');
  return { plan, said: said.map(({ severity, object: of, text }) => `${severity} ${of}: ${text}`) };
}

test('a plan says who needs it, and lets it leave last', () => {
  const { plan, said } = planned();
  const rest =
    'it comes whole, leads over there only to what comes, and stays at the source until they are gone';
  expect(said).toEqual([
    `warn Service prod/all: needed by 1 more at the source (Deployment prod/news): ${rest}`,
    `warn Ingress prod/web: needed by 1 more at the source (Service prod/news): ${rest}`,
  ]);
  expect(plan.ok).toBe(true);
  const [shop] = plan.apps;
  const names = shop && leaving(shop).map(({ manifest }) => nameOf(manifest));
  expect(names).toEqual([
    'Ingress prod/shop',
    'Deployment prod/shop',
    'Service prod/shop',
    'Ingress prod/web',
    'Service prod/all',
  ]);
});

test('what it would lead to there already is told; not where it is there, the same', () => {
  const opened =
    'warn Ingress prod/web: west has Service prod/news already: with it requests may come there too';
  expect(planned([service('news')]).said).toContain(opened);
  expect(planned([service('news'), web('shop', 'news')]).said).not.toContain(opened);
});

test('kinds that may not be read are told where some may need what goes', () => {
  const text = 'objects could not be read: what they may need stays at the source';
  const { plan, said } = planned([], ['DaemonSet', 'Pod', 'StorageClass']);
  expect(said).toContain(`warn Deployment prod/shop: DaemonSet, Pod ${text}`);
  expect(plan.ok).toBe(true);
});

// Who else needs what an app has at its source.

import { expect, test } from 'vitest';
import { nameOf, type Manifest } from '../../../src/migration/manifests/manifest.ts';
import { othersOf } from '../../../src/migration/manifests/shared.ts';
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
const web = (...names: readonly string[]): Manifest =>
  object('networking.k8s.io/v1', 'Ingress', 'web', {
    spec: { rules: [{ host: 'www.example.com', http: { paths: names.map(end) } }] },
  });
const route = (...backendRefs: readonly object[]): Manifest =>
  object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'web', {
    spec: { rules: [{ backendRefs }] },
  });
/** Of nobody: it has no label of its own. */
const all = object('v1', 'Service', 'all', { spec: { selector: { tier: 'front' } } });
const front = (name: string): Manifest => {
  const one = deployment(name, 1);
  const template = { metadata: { labels: { app: name, tier: 'front' } }, spec: { containers: [] } };
  return { ...one, spec: { ...(one['spec'] as object), template } };
};
const going = (one: Manifest): Manifest => ({
  ...one,
  metadata: { ...one.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

const SHOP = [deployment('shop', 1), service('shop')];
const NEWS = [deployment('news', 1), service('news')];

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
  ['a Service of its own', service('shop'), [...SHOP, ...NEWS], []],
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
  const own = new Set([...SHOP, web(), route(), all].map(nameOf));
  expect(othersOf(one, own, around)).toEqual(expected);
});

const objects = [
  ...[...OBJECTS, ...NEWS].map((one) =>
    one.kind === 'Deployment' ? front(one.metadata.name) : one,
  ),
  web('shop', 'news'),
  all,
];

function planned(there: readonly Manifest[] = []) {
  const namespaces = new Map([['prod', { objects: there, unread: new Set<string>() }]]);
  const plan = planMigration(
    REQUEST,
    world({
      apps: [app('shop', { source: source(objects) })],
      destination: destination({ namespaces }),
    }),
  );
  const said = plan.findings.filter(({ code }) => code === 'shared');
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

// A move whose source has objects that an app which stays there needs too.

import { expect, test } from 'vitest';
import { knownOf, type KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { until } from '../controlplane/until.ts';
import { deployment, ingress, service } from '../migration/plan/plan-world.ts';
import { ALL, type MoveFleet } from './move-fleet.ts';
import { asItWas, begin } from './moving.ts';
import { untilState } from './process.ts';

const NEWS = [deployment('news', 2), service('news')];
/** Its paths lead to both. */
const WEB: Manifest = {
  ...ingress('web'),
  spec: {
    ingressClassName: 'nginx',
    rules: ['shop', 'news'].map((name) => ({
      host: `${name}.example.org`,
      http: {
        paths: [
          { path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } },
        ],
      },
    })),
  },
};
const BOTH = [...ALL, WEB, ...NEWS];
const PLACE = { namespace: 'prod' };
const ROUTE = { ...PLACE, apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' };
const OTHER = { ...PLACE, apiVersion: 'v1', kind: 'Service', name: 'news' };

const left = (fleet: MoveFleet): string[] =>
  fleet
    .cluster('east')
    .all()
    .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    .filter((name) => !/^(ConfigMap|Secret|PodDisruptionBudget) shop/.test(name));

test('the route of both comes, and stays for the one that stays', async () => {
  const { fleet, journal, id } = await begin(undefined, {}, {}, BOTH);
  const before = fleet.cluster('east').look(ROUTE);
  const { steps } = await untilState(journal, id, 'Done');
  expect(left(fleet)).toEqual(['Ingress web', 'Deployment news', 'Service news']);
  const stands = fleet.cluster('east').look(ROUTE);
  expect([stands?.['spec'], stands?.metadata['uid']]).toEqual([
    before?.['spec'],
    before?.metadata['uid'],
  ]);
  expect(fleet.cluster('west').look(ROUTE)?.['spec']).toEqual(WEB['spec']);
  const texts = Object.values(steps).map(({ result }) => result?.text);
  expect(texts).toContain('it stays in east, needed by Service prod/news');
});

test('who has gone by then needs it no more', async () => {
  const { fleet, journal, id } = await begin(
    (its, at) => {
      at.set('shop:drain', async () => {
        const east = its.cluster('east');
        const live = east.look(OTHER);
        const known = live && knownOf(live);
        if (known) await east.remove(OTHER, known);
        // Somebody's own doing, and no job's.
        its.wrongs.length = 0;
      });
    },
    {},
    {},
    BOTH,
  );
  await untilState(journal, id, 'Done');
  expect(left(fleet)).toEqual(['Deployment news']);
});

test('who came since the plan was made needs it', async () => {
  const { fleet, journal, id } = await begin(
    (its, at) => {
      at.set('shop:drain', () => {
        const { uid: _, ...metadata } = service('news').metadata;
        const { kind, apiVersion, spec } = service('news');
        its
          .cluster('east')
          .applyAs('kubectl', { kind, apiVersion, spec, metadata } as KubernetesObject);
      });
    },
    {},
    {},
    [...ALL, WEB],
  );
  await untilState(journal, id, 'Done');
  expect(left(fleet)).toEqual(['Ingress web', 'Service news']);
});

test('on the way home it is there still', async () => {
  const no = { verdict: 'fail', text: 'not today' } as const;
  const { fleet, journal, process, id, say } = await begin(
    (its) => {
      its.ledgers.answers = { metadata: no };
    },
    {},
    {},
    BOTH,
  );
  await until('it is deleted', () => process.waitsFor(id, 'shop:finish'));
  const uid = fleet.cluster('east').look(ROUTE)?.metadata['uid'];
  await say('abort');
  await untilState(journal, id, 'RolledBack');
  expect(fleet.cluster('east').look(ROUTE)?.metadata['uid']).toBe(uid);
  expect(left(fleet).length).toBe(BOTH.length - 3);
  expect(fleet.cluster('west').all()).toEqual([]);
  asItWas(fleet);
});

// What holds for every plan: bytes, digest, what leaves the program.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readFanout } from '../../src/fanout/fanout.ts';
import { canonical } from '../../src/fanout/plan/canonical.ts';
import { type Plan, planFanout } from '../../src/fanout/plan/plan.ts';
import { shownPlan } from '../../src/fanout/plan/shown.ts';
import { hasChanges, planText } from '../../src/fanout/plan/text.ts';
import { type PlanOptions, USUAL } from '../../src/fanout/plan/world.ts';
import { type FanoutCase, worldOf } from './fanout-case.ts';

function plan(
  input: string,
  clusters: FanoutCase['clusters'],
  options?: Partial<PlanOptions>,
): Plan {
  const read = readFanout([{ name: 'a.yaml', text: input }]);
  if (read.kind === 'faults') throw new Error(read.faults.join('\n'));
  return planFanout(read.orders, worldOf(clusters), { ...USUAL, ...options });
}

const OWN = `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release}
spec: {objects: all, clusters: [east]}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {password: planted-new}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: shop}]}}
`;

interface Live {
  readonly replicas?: number;
  readonly scaledBy?: string;
  readonly metadata?: object;
  readonly status?: object;
}

function east({ replicas = 2, scaledBy, metadata = {}, status = {} }: Live) {
  const labels = { 'ballast.io/fan-out': 'release' };
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop', namespace: 'default', uid: 'u-1', labels, ...metadata },
    spec: { replicas, selector: { matchLabels: { app: 'shop' } } },
    status,
  };
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'key', namespace: 'default', uid: 'u-2', labels },
    data: { password: 'planted-old' },
    stringData: { password: 'planted-old' },
  };
  return [
    {
      name: 'east',
      live: [{ object, ...(scaledBy !== undefined && { scaledBy }) }, { object: secret }],
    },
  ];
}

const digest = (live: Live): string => plan(OWN, east(live)).digest;

describe('digest', () => {
  test.each<[string, Live]>([
    ['the status', { status: { readyReplicas: 1 } }],
    ['the version', { metadata: { resourceVersion: '9', managedFields: [] } }],
  ])('stays when only %s moved', (_, live) => {
    expect(digest(live)).toBe(digest({}));
  });

  test.each<[string, Live]>([
    ['its spec', { replicas: 3 }],
    ['its UID', { metadata: { uid: 'u-9' } }],
    ['its labels', { metadata: { labels: { 'ballast.io/fan-out': 'release', new: 'one' } } }],
  ])('moves with %s', (_, live) => {
    expect(digest(live)).not.toBe(digest({}));
  });

  test('an autoscaler’s replicas do not move it', () => {
    const scaledBy = 'HorizontalPodAutoscaler shop';
    expect(digest({ scaledBy, replicas: 7 })).toBe(digest({ scaledBy, replicas: 3 }));
  });

  test('moves with what is to be written', () => {
    expect(plan(OWN.replace('image: shop', 'image: shop:2'), east({})).digest).not.toBe(digest({}));
  });
});

test('no secret is shown, in text or in JSON; its differences are', () => {
  const shown = shownPlan(plan(OWN, east({ replicas: 1 })));
  for (const text of [planText(shown), JSON.stringify(shown)]) {
    expect(text).not.toContain('planted');
    expect(text).toContain('/data/password');
    expect(text).toContain('sha256:');
  }
});

test('the text says what is done, and why', () => {
  const made = plan(OWN, [...east({ replicas: 1 }), 'west']);
  expect(planText(shownPlan(made)).split('\n').slice(0, 8)).toEqual([
    'fan-out release',
    '',
    'east:',
    '  ~ Deployment/default/shop (update): replicas 1 -> 2 (as written)',
    '      /spec/replicas: 1 -> 2',
    expect.stringMatching('/spec/template: \\+|/spec/template/metadata'),
    expect.stringMatching('/spec/template'),
    expect.stringContaining('Secret/default/key (update)'),
  ]);
  expect(hasChanges(made)).toBe(true);
});

test('the text counts replicas of what has them, and says of a wave that it is empty', () => {
  const waves = 'waves: [{name: first, clusters: [north]}, {clusters: [{labels: {}}]}]';
  const strategy = `strategy: {order: waves, maxConcurrency: "1", ${waves}}`;
  const text = planText(
    plan(OWN.replace('clusters: [east]', `clusters: [{labels: {}}], ${strategy}`), [
      'east',
      'west',
    ]),
  );
  expect(text).toContain('\nDeployment/default/shop, by FanOut release: 4 of 4 replicas\n');
  expect(text).toContain('\nSecret/default/key, by FanOut release: in 2 clusters\n');
  expect(text).toContain('\nwave first: no cluster\nwave 2: east, west (1 at once)\n');
});

// Documents: objects, policies and a FanOut of which some combinations are faults.

const NAMES = ['shop', 'cart', 'key'] as const;
const CLUSTERS = ['east', 'north', 'west'] as const;

const workload = fc
  .record({
    kind: fc.constantFrom('Deployment', 'StatefulSet', 'Rollout'),
    name: fc.constantFrom(...NAMES),
    replicas: fc.nat(20),
  })
  .map(({ kind, name, replicas }) => ({
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: { name, labels: { app: name } },
    spec: { replicas, template: { spec: { containers: [{ name, image: `${name}:1` }] } } },
  }));

const selector = fc.record({
  apiVersion: fc.constant('apps/v1'),
  kind: fc.constantFrom('Deployment', 'StatefulSet'),
  name: fc.option(fc.constantFrom(...NAMES), { nil: undefined }),
});

const policy = fc
  .record({
    name: fc.constantFrom('p1', 'p2', 'p3'),
    selectors: fc.array(selector, { minLength: 1, maxLength: 2 }),
    priority: fc.nat(1),
    clusters: fc.subarray([...CLUSTERS]),
    type: fc.constantFrom('Duplicated', 'Divided'),
  })
  .map(({ name, selectors, priority, clusters, type }) => ({
    apiVersion: 'policy.karmada.io/v1alpha1',
    kind: 'PropagationPolicy',
    metadata: { name },
    spec: {
      priority,
      resourceSelectors: selectors,
      placement: {
        clusterAffinity: { clusterNames: clusters },
        replicaScheduling: { replicaSchedulingType: type },
      },
    },
  }));

const patch = fc
  .record({ name: fc.constantFrom('o1', 'o2', 'o3'), value: fc.constantFrom('a', 'b') })
  .map(({ name, value }) => ({
    apiVersion: 'policy.karmada.io/v1alpha1',
    kind: 'OverridePolicy',
    metadata: { name },
    spec: {
      overrideRules: [
        {
          overriders: { plaintext: [{ path: '/metadata/labels/app', operator: 'replace', value }] },
        },
      ],
    },
  }));

const ownForm = fc.record({ min: fc.nat(3), east: fc.nat(3) }).map(({ min, east: weight }) => ({
  apiVersion: 'ballast.io/v1',
  kind: 'FanOut',
  metadata: { name: 'release' },
  spec: {
    objects: [{ kind: 'Rollout' }],
    clusters: [...CLUSTERS],
    replicas: { weights: { '*': 1, east: weight }, min: { '*': min } },
  },
}));

/** For what no other policy selects. */
const rest = {
  apiVersion: 'policy.karmada.io/v1alpha1',
  kind: 'ClusterPropagationPolicy',
  metadata: { name: 'rest' },
  spec: {
    resourceSelectors: ['Deployment', 'StatefulSet'].map((kind) => ({
      apiVersion: 'apps/v1',
      kind,
    })),
  },
};

const named = {
  selector: (one: { kind: string; metadata: { name: string } }) =>
    `${one.kind} ${one.metadata.name}`,
};
const documents = fc
  .tuple(
    fc.uniqueArray(workload, { minLength: 1, maxLength: 5, ...named }),
    fc.uniqueArray(policy, { maxLength: 3, ...named }),
    fc.array(patch, { maxLength: 3 }),
    ownForm,
  )
  .map(([workloads, policies, patches, own]) => [...workloads, ...policies, ...patches, rest, own]);

/** One document a file, so that places do not move with the order of files. */
function outcome(files: readonly { name: string; text: string }[], clusters: readonly string[]) {
  const read = readFanout(files);
  if (read.kind === 'faults') return canonical(read);
  return canonical(planFanout(read.orders, worldOf(clusters), { ...USUAL, name: 'release' }));
}

const filesOf = (all: readonly object[]) =>
  all.map((one, index) => ({ name: `${index}.yaml`, text: JSON.stringify(one) }));

test('neither the order of files and clusters nor a second run changes a byte', () => {
  fc.assert(
    fc.property(documents, fc.infiniteStream(fc.nat()), (all, stream) => {
      const shuffled = <Item>(items: readonly Item[]): Item[] =>
        items
          .map((item) => ({ item, at: stream.next().value ?? 0 }))
          .toSorted((left, right) => left.at - right.at)
          .map(({ item }) => item);
      const files = filesOf(all);
      const first = outcome(files, CLUSTERS);
      expect(outcome(files, CLUSTERS)).toBe(first);
      expect(outcome(shuffled(files), shuffled(CLUSTERS))).toBe(first);
    }),
    { numRuns: 300 },
  );
});

test('a planner’s sum is never more than its total, and no cluster passes its bounds', () => {
  let plans = 0;
  fc.assert(
    fc.property(documents, (all) => {
      const read = readFanout(filesOf(all));
      if (read.kind === 'faults') return;
      plans += 1;
      const { totals, entries } = planFanout(read.orders, worldOf(CLUSTERS), USUAL);
      for (const { asked, written, unplaced } of totals) {
        expect(written + unplaced).toBe(asked);
        expect(written).toBeGreaterThanOrEqual(0);
      }
      for (const { replicas } of entries) expect(replicas?.after ?? 0).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 200 },
  );
  expect(plans).toBeGreaterThan(50);
});

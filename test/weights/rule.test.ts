// The rule: what each count becomes, and the sum that says so.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ClusterCount } from '../../src/inventory/cluster-count.ts';
import type { AppInventory } from '../../src/inventory/inventory.ts';
import type { Upstream } from '../../src/model.ts';
import { nodeWeight, weigh } from '../../src/weights/rule.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;

function count(cluster: string, pods: number, nodes: number, more: Partial<ClusterCount> = {}) {
  const ingressNodes = Array.from({ length: nodes }, (_, index) => ({
    name: `${cluster}-${index}`,
    address: `10.${cluster.length}.0.${index + 1}:80`,
  }));
  const fixed = { state: 'fresh', ageSeconds: 0, hosts: [], routed: true, kept: false } as const;
  return { cluster, pods, ingressNodes, ...fixed, ...more } satisfies ClusterCount;
}

function inventory(clusters: ClusterCount[], vms: string[] = []): AppInventory {
  return { app: 'shop', hosts: [], policy: POLICY, clusters, vms, standing: 'known' };
}

const published = (servers: Upstream['servers']): Upstream => ({
  app: 'shop',
  policy: POLICY,
  servers,
});

test.each([
  [1, 1, 10],
  [7, 2, 35],
  [7, 3, 23],
  [1, 20, 1],
  [12, 3, 40],
  [3, 16, 1],
])('%i pods on %i ingress nodes weigh %i each', (pods, nodes, weight) => {
  expect(nodeWeight(pods, nodes, 10)).toBe(weight);
  const { upstream } = weigh(inventory([count('east', pods, nodes)]), undefined, 10);
  expect(upstream.servers.map((server) => server.weight)).toEqual(Array(nodes).fill(weight));
});

test('one pod is one VM', () => {
  const { upstream, sums } = weigh(
    inventory([count('east', 1, 1)], ['10.9.0.1:80']),
    undefined,
    10,
  );
  expect(upstream.servers.map(({ weight }) => weight)).toEqual([10, 10]);
  expect([...sums.values()].map(({ formula }) => formula)).toEqual([
    '1 pod * 10 / 1 ingress node = 10',
    '1 VM * 10 = 10',
  ]);
});

test.each([
  ['no-pods', count('east', 0, 2)],
  ['no-ingress-nodes', count('east', 3, 0)],
  ['not-routed', count('east', 3, 2, { routed: false })],
] as const)('%s leaves the cluster out and says so', (code, east) => {
  const { upstream, reasons } = weigh(inventory([east, count('west', 1, 1)]), undefined, 10);
  expect(upstream.servers.map(({ from }) => from)).toEqual(['west']);
  expect(reasons.get('east')?.code).toBe(code);
});

test('why nothing leads there is said as the cluster says it, with the pods that wait', () => {
  const reason = { code: 'not-routed', text: 'its class is gone' } as const;
  const east = count('east', 3, 2, { routed: false, reason });
  const text = '3 pods ready, but its class is gone';
  expect(weigh(inventory([east]), undefined, 10).reasons.get('east')).toEqual({ ...reason, text });
});

test('a cluster that is not seen yet keeps what is published from it, `auto` where a hold showed another', () => {
  const before = published([
    { address: '10.4.0.1:80', from: 'east', weight: 0, auto: 35 },
    { address: '10.4.0.2:80', from: 'east', weight: 35 },
  ]);
  const unseen = count('east', 0, 0, { state: 'unseen', kept: true });
  const { upstream } = weigh(inventory([unseen]), before, 10);
  expect(upstream.servers).toEqual([
    { address: '10.4.0.1:80', from: 'east', weight: 35 },
    { address: '10.4.0.2:80', from: 'east', weight: 35 },
  ]);
});

test('servers of a removed cluster stay, and give way to whoever has their address now', () => {
  const removed = count('old', 0, 0, { state: 'stale', kept: true, removed: true });
  const before = published([
    { address: '10.4.0.1:80', from: 'old', weight: 35 },
    { address: '10.4.0.9:80', from: 'old', weight: 35 },
  ]);
  const { upstream, sums, reasons } = weigh(inventory([removed, count('east', 2, 1)]), before, 10);
  expect(upstream.servers).toEqual([
    { address: '10.4.0.1:80', from: 'east', weight: 20 },
    { address: '10.4.0.9:80', from: 'old', weight: 35 },
  ]);
  expect(sums.get('10.4.0.9:80')?.formula).toBe('35 as published, until a person deletes it');
  expect(reasons.has('east')).toBe(false);
});

test('one address in two places: who is published keeps it', () => {
  const both = inventory([count('east', 2, 1), count('west', 5, 1)]);
  const first = weigh(both, undefined, 10);
  expect(first.upstream.servers).toMatchObject([{ from: 'east', weight: 20 }]);
  expect(first.reasons.get('west')?.code).toBe('address-conflict');
  const before = published([{ address: '10.4.0.1:80', from: 'west', weight: 50 }]);
  expect(weigh(both, before, 10).upstream.servers).toMatchObject([{ from: 'west', weight: 50 }]);
});

test('weights over 65535 scale the whole upstream down, and the formula says so', () => {
  const { upstream, sums } = weigh(
    inventory([count('east', 10_000, 1), count('north', 1, 1)]),
    undefined,
    10,
  );
  expect(upstream.servers.map(({ weight }) => weight)).toEqual([65535, 6]);
  expect(sums.get('10.4.0.1:80')?.formula).toContain('scaled by 65535/100000');
});

test('rounds that know less than what is published change nothing, however many', () => {
  const all = [count('east', 10_000, 1), count('north', 1, 1), count('southern', 333, 2)];
  const before = weigh(inventory(all), undefined, 10).upstream;
  for (const unseen of all) {
    const nothing = { pods: 0, ingressNodes: [], state: 'unseen', kept: true } as const;
    const seen = all.map((one) => (one === unseen ? { ...one, ...nothing } : one));
    let now = before;
    for (let round = 0; round < 3; round += 1) now = weigh(inventory(seen), now, 10).upstream;
    expect(now).toEqual(before);
  }
});

// One file each in test/cases/rule/: adding a test is adding a file.

interface RuleCase {
  readonly inventory: AppInventory;
  readonly published?: Upstream;
  readonly base: number;
  readonly expected: {
    readonly servers: Upstream['servers'];
    readonly formulas: Readonly<Record<string, string>>;
    /** Code by cluster. */
    readonly reasons: Readonly<Record<string, string>>;
  };
}

const CASES = new URL('../cases/rule/', import.meta.url);

test.each(readdirSync(CASES).filter((name) => name.endsWith('.json')))('case %s', (name) => {
  const text = readFileSync(new URL(name, CASES), 'utf8');
  const { inventory: given, published: before, base, expected } = JSON.parse(text) as RuleCase;
  const { upstream, sums, reasons } = weigh(given, before, base);
  const formulas = [...sums].map(([address, { formula }]) => [address, formula]);
  const codes = [...reasons].map(([from, { code }]) => [from, code]);
  expect({
    servers: upstream.servers,
    formulas: Object.fromEntries(formulas),
    reasons: Object.fromEntries(codes),
  }).toEqual(expected);
});

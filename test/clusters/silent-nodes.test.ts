import { describe, expect, onTestFinished, test } from 'vitest';
import type { NodeReady, NodeRecord } from '../../src/clusters/records.ts';
import { FOR_NOW, followSilence, NO_SILENCE } from '../../src/clusters/silent-nodes.ts';
import { eventually, watchCluster } from './watched-cluster.ts';

function nodes(...states: readonly (NodeReady | 'cordoned')[]): NodeRecord[] {
  return states.map((state, index) => ({
    uid: `n${index}`,
    version: '1',
    namespace: '',
    name: `n${index}`,
    ready: state === 'cordoned' ? 'Unknown' : state,
    unschedulable: state === 'cordoned',
    ingress: false,
    excluded: false,
    addresses: [],
  }));
}

const ALL_READY = nodes('True', 'True', 'True', 'True', 'True', 'True');
const before = followSilence(NO_SILENCE, ALL_READY, 0);

describe('silence', () => {
  test('two of six within a minute', () => {
    const one = followSilence(
      before,
      nodes('Unknown', 'True', 'True', 'True', 'True', 'True'),
      1000,
    );
    expect(one.until).toBeUndefined();
    const two = followSilence(
      one,
      nodes('Unknown', 'False', 'True', 'True', 'True', 'True'),
      60_000,
    );
    expect(two).toMatchObject({ until: FOR_NOW, silent: 2, nodes: 6 });
  });

  test('not two that turned more than a minute apart', () => {
    const one = followSilence(
      before,
      nodes('Unknown', 'True', 'True', 'True', 'True', 'True'),
      1000,
    );
    const two = followSilence(
      one,
      nodes('Unknown', 'Unknown', 'True', 'True', 'True', 'True'),
      61_001,
    );
    expect(two.until).toBeUndefined();
  });

  test('not less than a third, and not one of one', () => {
    const seven = [...ALL_READY, ...nodes('True').map((node) => ({ ...node, uid: 'n6' }))];
    const start = followSilence(NO_SILENCE, seven, 0);
    const turned = seven.map((node, index) =>
      index < 2 ? { ...node, ready: 'Unknown' as const } : node,
    );
    expect(followSilence(start, turned, 1).until).toBeUndefined();
    const lone = followSilence(NO_SILENCE, nodes('True'), 0);
    expect(followSilence(lone, nodes('Unknown'), 1).until).toBeUndefined();
  });

  test('a node that never was Ready is new, not silent; an Unknown one was heard once', () => {
    expect(followSilence(NO_SILENCE, nodes('False', 'False'), 0).until).toBeUndefined();
    expect(followSilence(NO_SILENCE, nodes('Unknown', 'Unknown', 'True'), 0).until).toBe(FOR_NOW);
  });

  test.each([
    ['Ready again', nodes('True', 'True', 'True', 'True', 'True', 'True')],
    ['deleted', ALL_READY.slice(2)],
    ['cordoned', nodes('cordoned', 'cordoned', 'True', 'True', 'True', 'True')],
  ])('ends half a minute after they are %s', (_, after) => {
    const silent = followSilence(
      before,
      nodes('Unknown', 'Unknown', 'True', 'True', 'True', 'True'),
      0,
    );
    const ended = followSilence(silent, after, 5000);
    expect(ended.until).toBe(35_000);
    expect(followSilence(ended, after, 34_000).until).toBe(35_000);
    expect(followSilence(ended, after, 35_000).until).toBeUndefined();
  });
});

test('a cluster whose nodes fall silent is stale, never zero', async () => {
  const { simulated, reader, seen, close } = await watchCluster();
  onTestFinished(close);
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  const names = ['edge-1', 'edge-2', ...[1, 2, 3].map((index) => `east-worker-${index}`)];
  simulated.silenceNodes(...names);
  await eventually(() => {
    expect(reader.status().state).toBe('stale');
    expect(reader.footprint('shop').pods).toBe(0);
  });
  expect(reader.status().reason).toMatch(/^5 of 5 nodes fell silent/);
  expect(reader.status().ingressNodes).toHaveLength(2);
  simulated.wakeNodes(...names);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(7));
  expect(reader.status()).toMatchObject({
    state: 'stale',
    reason: expect.stringMatching(/came back/),
  });
  const fresh = seen.filter(({ status }) => status.state === 'fresh');
  expect(new Set(fresh.map(({ footprint }) => footprint.pods))).toEqual(new Set([7]));
});

test('nodes that fell silent while the link was cut are known before counts fall', async () => {
  const { simulated, reader, seen, close } = await watchCluster();
  onTestFinished(close);
  // The mark that told of it has been given.
  await eventually(() => expect(seen.at(-1)?.status.state).toBe('fresh'));
  await simulated.api.stop();
  await eventually(() => expect(reader.status().state).toBe('stale'));
  const names = ['edge-1', 'edge-2', ...[1, 2, 3].map((index) => `east-worker-${index}`)];
  simulated.silenceNodes(...names);
  await simulated.api.start();
  await eventually(() => expect(reader.status().reason).toMatch(/fell silent/));
  await eventually(() => expect(reader.footprint('shop').pods).toBe(0));
  // The nodes were listed, so that all of them were known in one moment.
  expect(reader.status().relists).toBeGreaterThan(0);
  const fresh = seen.filter(({ status }) => status.state === 'fresh');
  expect(new Set(fresh.map(({ footprint }) => footprint.pods))).toEqual(new Set([7]));
});

test('one silent node takes its pods out of the count, and its ingress stays', async () => {
  const { simulated, reader, close } = await watchCluster();
  onTestFinished(close);
  await eventually(() => expect(reader.status().state).toBe('fresh'));
  simulated.silenceNodes('edge-1');
  const there = simulated.pods('shop').filter((pod) => pod.nodeName === 'edge-1').length;
  expect(there).toBeGreaterThan(0);
  await eventually(() => expect(reader.footprint('shop').pods).toBe(7 - there));
  expect(reader.status()).toMatchObject({ state: 'fresh' });
  expect(reader.status().ingressNodes).toHaveLength(2);
});

test('a cluster that is first seen with silent nodes is unseen, not at zero', async () => {
  const { simulated, reader, seen, close } = await watchCluster({ silentAtFirst: true });
  onTestFinished(close);
  await eventually(() => expect(reader.status().reason).toMatch(/5 of 5 nodes fell silent/));
  await eventually(() => expect(simulated.api.openWatches()).toBeGreaterThan(5));
  expect(reader.status().state).toBe('unseen');
  expect(seen.map(({ status }) => status.state)).not.toContain('fresh');
});

// The set of clusters: what comes, changes, goes, and what is refused.

import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import type { AppSources } from '../../src/clusters/cluster.ts';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import type { KubernetesReader } from '../../src/clusters/kubernetes.ts';
import { type ClusterOrder, createRegistry } from '../../src/clusters/registry.ts';

class TestCluster extends MemoryCluster implements KubernetesReader {
  reloads = 0;
  closed = false;
  takes = true;
  readonly lookedFor: AppSources[] = [];
  lookFor(sources: AppSources): boolean {
    this.lookedFor.push(sources);
    return this.takes;
  }
  async reload(load: ClusterOrder['load']): Promise<void> {
    await load();
    this.reloads++;
  }
  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}

const ingress = { nodes: 'ingress=true', port: 80 };

function order(name: string, digest = 'one', more: Partial<ClusterOrder> = {}): ClusterOrder {
  return { settings: { name, ingress }, digest, load: async () => ({}) as never, ...more };
}

const broken = async (): Promise<never> => {
  throw new Error('a broken kubeconfig');
};

async function open(...sources: string[]) {
  const opened: TestCluster[] = [];
  const registry = createRegistry({
    open: async ({ settings, load }) => {
      await load();
      const cluster = new TestCluster(settings.name, { state: 'unseen' });
      opened.push(cluster);
      return cluster;
    },
    log: pino({ level: 'silent' }),
  });
  onTestFinished(() => registry.close());
  await registry.arrange(sources);
  const tell = (source: string, orders: ClusterOrder[], trouble: string[] = []) =>
    registry.tell(source, { orders, trouble });
  const names = () => registry.readers().map(({ name }) => name);
  return { registry, opened, tell, names };
}

test('clusters come and go, everything is marked, and what goes is closed', async () => {
  const { registry, opened, tell, names } = await open('folder');
  const marks: unknown[] = [];
  registry.onDirty((dirty) => marks.push(dirty));
  await tell('folder', [order('east'), order('west')]);
  expect(names()).toEqual(['east', 'west']);
  expect(marks).toEqual(['all']);
  await tell('folder', [order('west')]);
  expect(names()).toEqual(['west']);
  expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
  expect(marks).toEqual(['all', 'all']);
});

test('marks of every cluster are passed on, until it goes', async () => {
  const { registry, opened, tell } = await open('folder');
  const marks: unknown[] = [];
  registry.onDirty((dirty) => marks.push(dirty));
  await tell('folder', [order('east')]);
  opened[0]?.set('shop', { pods: 1 });
  expect(marks).toEqual(['all', new Set(['shop'])]);
  await tell('folder', []);
  opened[0]?.set('shop', { pods: 2 });
  expect(marks).toHaveLength(3);
});

test('another content: the same reader is told; the same content: it is not', async () => {
  const { registry, opened, tell } = await open('folder');
  await tell('folder', [order('east')]);
  await tell('folder', [order('east')]);
  expect(opened[0]?.reloads).toBe(0);
  await tell('folder', [order('east', 'two')]);
  expect(opened[0]?.reloads).toBe(1);
  expect(registry.readers()).toEqual(opened);
});

test('a content that cannot be used: the reader stays, the trouble is shown, and ends', async () => {
  const { registry, opened, tell } = await open('folder');
  await tell('folder', [order('east')]);
  await tell('folder', [order('east', 'two', { load: broken })]);
  expect(registry.readers()).toEqual(opened);
  expect(registry.sources()).toEqual([
    { source: 'folder', clusters: ['east'], trouble: ['a broken kubeconfig'] },
  ]);
  await tell('folder', [order('east', 'three')]);
  expect(registry.sources()[0]?.trouble).toEqual([]);
  expect(opened[0]?.reloads).toBe(1);
});

test('one that cannot be opened harms no other', async () => {
  const { registry, names, tell } = await open('folder');
  await tell('folder', [order('east', 'one', { load: broken }), order('west')]);
  expect(names()).toEqual(['west']);
  expect(registry.sources()[0]?.trouble).toEqual(['a broken kubeconfig']);
});

test('other settings: another reader takes its place; if it cannot be opened the old one stays', async () => {
  const { opened, registry, tell } = await open('folder');
  await tell('folder', [order('east')]);
  const settings = { name: 'east', ingress: { ...ingress, port: 81 } };
  await tell('folder', [order('east', 'one', { settings, load: broken })]);
  expect(registry.readers()).toEqual([opened[0]]);
  await tell('folder', [order('east', 'one', { settings })]);
  expect(registry.readers()).toEqual([opened[1]]);
  expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
});

test('a name twice: the first source has it, the other is told; when it goes the other comes', async () => {
  const { registry, tell } = await open('clusters', 'folder');
  await tell('folder', [order('east')]);
  await tell('clusters', [order('east', 'listed')]);
  expect(registry.sources()).toMatchObject(
    [
      { source: 'clusters', clusters: ['east'], trouble: [] },
      { source: 'folder', clusters: [], trouble: [/east is left out: clusters has one/] },
    ].map((one) => ({ ...one, trouble: one.trouble.map((text) => expect.stringMatching(text)) })),
  );
  await tell('clusters', []);
  expect(registry.sources().map(({ clusters }) => clusters)).toEqual([[], ['east']]);
});

test.each(['vm', 'East', 'a.b', 'a_b', ''])('"%s" is no name', async (name) => {
  const { registry, names, tell } = await open('folder');
  await tell('folder', [order(name), order('west')]);
  expect(names()).toEqual(['west']);
  expect(registry.sources()[0]?.trouble[0]).toContain(JSON.stringify(name));
});

test('a source that is no longer named takes its clusters with it', async () => {
  const { names, registry, tell } = await open('clusters', 'folder');
  await tell('clusters', [order('east')]);
  await tell('folder', [order('west')]);
  await registry.arrange(['clusters']);
  expect(names()).toEqual(['east']);
  await tell('folder', [order('west')]);
  expect(names()).toEqual(['east']);
});

test('other apps: who cannot look for them is opened anew, and nobody else', async () => {
  const { opened, registry, tell } = await open('clusters');
  await tell('clusters', [order('east')]);
  const sources = { told: [{ app: 'shop', services: [] }] };
  await registry.lookFor(sources);
  expect(registry.readers()).toEqual([opened[0]]);
  expect(opened[0]?.lookedFor).toEqual([sources]);
  opened[0]!.takes = false;
  await registry.lookFor(sources);
  expect(registry.readers()).toEqual([opened[1]]);
  expect(opened[0]?.closed).toBe(true);
});

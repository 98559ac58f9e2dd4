// What every ClusterReader does, whatever is behind it. Run it by calling clusterConformance() in a
// test file with a way to open one and to move what it sees.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClusterReader } from '../../src/clusters/cluster.ts';
import type { Dirty } from '../../src/model.ts';

export interface ClusterStage {
  readonly reader: ClusterReader;
  /** Makes the app with its Service and a way in from outside, or gives it another count. */
  setPods(app: string, pods: number): Promise<void>;
  removeApp(app: string): Promise<void>;
  /** An ingress node that is Ready, with a ready ingress pod. */
  addNode(name: string, ip: string): Promise<void>;
  removeNode(name: string): Promise<void>;
  /** The cluster cannot be reached any more. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ConformanceOptions {
  /** How long a change may take to be seen. */
  readonly patienceMs: number;
}

export function clusterConformance(
  title: string,
  open: () => Promise<ClusterStage>,
  { patienceMs }: ConformanceOptions,
): void {
  describe(`cluster reader: ${title}`, () => {
    let stage: ClusterStage;
    let reader: ClusterReader;
    let marks: Dirty[];
    let stop: () => void;

    const soon = (check: () => void) => vi.waitFor(check, { timeout: patienceMs, interval: 10 });
    const marked = (app: string) => marks.some((dirty) => dirty === 'all' || dirty.has(app));

    beforeEach(async () => {
      stage = await open();
      reader = stage.reader;
      await stage.addNode('edge-1', '10.1.0.1');
      await stage.setPods('shop', 3);
      await soon(() => {
        expect(reader.status().state).toBe('fresh');
        expect(reader.footprint('shop').pods).toBe(3);
        expect(reader.status().ingressNodes).toHaveLength(1);
      });
      marks = [];
      stop = reader.onDirty((dirty) => marks.push(dirty));
    });

    afterEach(async () => {
      await stage.close();
    });

    test('counts follow up, down, to zero and back, and each change marks the app', async () => {
      for (const pods of [5, 2, 0, 4]) {
        marks.length = 0;
        await stage.setPods('shop', pods);
        await soon(() => {
          expect(reader.footprint('shop').pods).toBe(pods);
          expect(marked('shop')).toBe(true);
        });
      }
      expect(reader.footprint('shop')).toMatchObject({ routed: true });
    });

    test('apps come and go', async () => {
      await stage.setPods('cart', 1);
      await soon(() => expect(reader.apps().has('cart') && marked('cart')).toBe(true));
      await stage.removeApp('cart');
      await soon(() => expect(reader.apps().has('cart')).toBe(false));
      expect(reader.footprint('cart').pods).toBe(0);
      expect(reader.apps().has('shop')).toBe(true);
    });

    test('an app that it does not show has no pods', () => {
      expect(reader.footprint('nobody')).toMatchObject({ pods: 0, hosts: [] });
    });

    test('ingress nodes come and go, and a change marks all', async () => {
      await stage.addNode('edge-2', '10.1.0.2');
      await soon(() => {
        expect(reader.status().ingressNodes).toEqual([
          { name: 'edge-1', address: '10.1.0.1:80' },
          { name: 'edge-2', address: '10.1.0.2:80' },
        ]);
        expect(marks).toContain('all');
      });
      await stage.removeNode('edge-1');
      await soon(() => {
        expect(reader.status().ingressNodes.map(({ name }) => name)).toEqual(['edge-2']);
      });
    });

    test('an outage is stale with its reason and the last counts, and ends', async () => {
      await stage.cut();
      await soon(() => {
        expect(reader.status().state).toBe('stale');
        expect(marks).toContain('all');
      });
      const { reason, ageSeconds, ingressNodes } = reader.status();
      expect(reason).toBeTruthy();
      expect(ageSeconds).toBeGreaterThanOrEqual(0);
      expect(ingressNodes).toHaveLength(1);
      expect(reader.footprint('shop').pods).toBe(3);
      marks.length = 0;
      await stage.mend();
      await soon(() => {
        expect(reader.status().state).toBe('fresh');
        expect(marks).toContain('all');
      });
      await stage.setPods('shop', 6);
      await soon(() => expect(reader.footprint('shop').pods).toBe(6));
    });

    test('a relist is counted and changes nothing', async () => {
      const before = reader.status().relists;
      reader.relist();
      await soon(() => expect(reader.status().relists).toBeGreaterThan(before));
      await soon(() => expect(reader.status().state).toBe('fresh'));
      expect(reader.footprint('shop').pods).toBe(3);
    });

    test('who stops listening hears nothing more, and after close() nobody does', async () => {
      const other: Dirty[] = [];
      reader.onDirty((dirty) => other.push(dirty));
      stop();
      await stage.setPods('shop', 8);
      await soon(() => expect(other.length).toBeGreaterThan(0));
      expect(marks).toEqual([]);
      await reader.close();
      other.length = 0;
      await stage.setPods('shop', 9);
      expect(other).toEqual([]);
    });
  });
}

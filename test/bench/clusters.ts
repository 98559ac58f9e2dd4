// The lane of the clusters: what following them costs against the informers of client-node and client-go,
// and what a fleet of fifty clusters costs the whole controller.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fleetRows } from './clusters/fleet-rows.ts';
import { readerRows } from './clusters/reader-rows.ts';
import type { Lane, Length } from './lane.ts';
import type { Row } from './rows.ts';

const LIMITS = {
  'connections for 200 calls': 2,
  'memory a pod against client-node': 0.0833,
  'memory a pod against client-go': 0.333,
  'time to synced against client-node': 0.6,
  'time to synced against client-go': 0.8,
  'longest stall, ms': 20,
  'fleet memory, MB': 600,
  'fleet cold start, s': 30,
  'event to commit p99, ms': 100,
};

export const clusters: Lane = {
  limits: LIMITS,
  about,
  async run(length, done) {
    const parts: [string, (length: Length) => Promise<Row[]>][] = [
      ['readers', readerRows],
      ['the fleet', fleetRows],
    ];
    for (const [what, part] of parts) {
      const began = performance.now();
      done(await part(length));
      console.error(`${what}: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
  },
};

function about(): string {
  const versionOf = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? '?';
  const read = (...path: string[]): string =>
    readFileSync(join(import.meta.dirname, ...path), 'utf8');
  const client = versionOf(read('..', '..', 'package.json'), /client-node": "([^"]+)"/);
  const go = versionOf(read('clusters', 'informer', 'go.mod'), /client-go v(\S+)/);
  return `Readers of 20,000 pods of 7 kB and 2,000 Services from one simulated API server: JSON over HTTP/2, lists as watches where the row does not say pages; against @kubernetes/client-node ${client} and client-go ${go} with a stripping transform. The fleet: 50 clusters, 10,000 apps, 200,000 pods, Redis with appendfsync always, no edge.`;
}

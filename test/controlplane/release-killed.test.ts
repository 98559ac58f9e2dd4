// A release on two real control planes whose controller is killed, by signal 9, as it puts a step on
// record: the next one goes on to the same end, no request fails, and nothing is written twice, by the API
// servers' own audit. Exhaustively that is proved on clusters in memory (test/jobs/fanout-killed.test.ts);
// here a few places a day, others each day. KILLS_TURN=N chooses them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { underLoad } from '../e2e/under-load.ts';
import { auditFlags, writesIn } from './audited.ts';
import { type WatchedJournal, watchJournal } from './journal-watched.ts';
import {
  begin,
  CLUSTERS,
  FULL,
  hostOf,
  imageOf,
  imagesOf,
  type Release,
  secretOf,
  secretsIn,
  startReleaseFleet,
  untilJobIs,
} from './release-fleet.ts';
import type { RealFleet } from './spine-fleet.ts';
import { until } from './until.ts';

const STARTS_MS = 600_000;
const RUNS_MS = 900_000;
const KILLS = 3;
const DAY_MS = 86_400_000;
const TURN = Number(process.env['KILLS_TURN'] ?? Math.floor(Date.now() / DAY_MS));
const SHOP = { app: 'shop', kind: 'Deployment' } as const;

let folder: string;
let fleet: RealFleet;
let watched: WatchedJournal;
let version = 1;
let latest = version;

const auditOf = (cluster: string): string => join(folder, `${cluster}.audit`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-killed-'));
  fleet = await startReleaseFleet(40, {
    apiServerFlags: (cluster) => auditFlags(auditOf(cluster)),
  });
  watched = await watchJournal(fleet.redis.port);
  const first = { ...SHOP, version, strategy: { order: 'serial' } };
  await untilJobIs(fleet, await begin(fleet, first), 'Done');
  await fleet.settled(FULL);
}, STARTS_MS);
afterAll(async () => {
  watched?.close();
  await fleet?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  /** What was put on record, in order. */
  readonly records: readonly string[];
  /** By cluster. */
  readonly writes: readonly (readonly string[])[];
}

/** `death`: at which record it is killed. */
async function run(release: Release, end: string, death?: number): Promise<Ran> {
  const before = await writes();
  const old = new Set(await jobs());
  const records: string[] = [];
  const dead = Promise.withResolvers<void>();
  watched.told = (steps) => {
    if (records.push(steps) !== (death ?? -1) + 1) return;
    fleet.ballast.kill('SIGKILL').then(() => dead.resolve(), dead.reject);
  };
  await underLoad(fleet.edges, hostOf(release.app), async () => {
    const begun = begin(fleet, release);
    if (death === undefined) await begun;
    else {
      // Its answer may be lost with it.
      await Promise.all([begun.catch(() => undefined), dead.promise]);
      await fleet.restartBallast();
    }
    const id = await until('the job is there', async () =>
      (await jobs()).find((one) => !old.has(one)),
    );
    await untilJobIs(fleet, id, end);
  });
  watched.told = () => undefined;
  const after = await writes();
  return { records, writes: after.map((list, index) => list.slice(before[index]?.length)) };
}

const writes = (): Promise<string[][]> =>
  Promise.all(CLUSTERS.map((cluster) => writesIn(auditOf(cluster))));

async function jobs(): Promise<string[]> {
  const { items } = await fleet.ballast.get<{ readonly items: readonly { readonly id: string }[] }>(
    '/api/v1/jobs',
  );
  return items.map(({ id }) => id);
}

const THERE = [
  'patch configmaps shop-settings',
  'patch secrets shop-key',
  'patch deployments shop',
];

describe.each([
  { way: 'forward', end: 'Done', broken: false, written: THERE },
  {
    way: 'on the way back',
    end: 'RolledBack',
    broken: true,
    written: [...THERE, ...THERE.toReversed()],
  },
])('$way', ({ end, broken, written }) => {
  test('the same end, and nothing twice', { timeout: RUNS_MS }, async () => {
    const both = CLUSTERS.map(() => written);
    const strategy = { order: 'serial', onFailure: 'rollback-all' };
    const release = (): Release => {
      // A broken one again and again: only the first time Kubernetes itself says that it is stuck. Of a
      // version whose ReplicaSet was there before it keeps no deadline, where all pods go first.
      if (!broken || latest === version) latest += 1;
      if (!broken) version = latest;
      return { ...SHOP, version: latest, strategy, broken };
    };
    const check = async (ran: Ran, what: string): Promise<void> => {
      expect(ran.writes, what).toEqual(both);
      const image = imageOf(SHOP.app, version);
      expect(await imagesOf(fleet, SHOP), what).toEqual([image, image]);
      const held = secretOf(version);
      expect(await secretsIn(fleet, SHOP.app), what).toEqual([held, held]);
      const { items } = await fleet.ballast.get<{ readonly items: object[] }>('/api/v1/holds');
      expect(items, what).toEqual([]);
      await fleet.settled(FULL);
    };
    const whole = await run(release(), end);
    await check(whole, 'not killed');
    const { length: count } = whole.records;
    expect(count).toBeGreaterThan(20);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const place = (TURN + Math.floor((kill * count) / KILLS)) % count;
      const ran = await run(release(), end, place);
      await check(ran, `turn ${TURN}, killed at record ${place}: ${ran.records[place]}`);
    }
  });
});

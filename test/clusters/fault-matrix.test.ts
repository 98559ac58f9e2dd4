// Each fault alone, over each protocol, then in random pairs: no commit is wrong while they last, and
// after them counts and weights are the truth. `npm test` plays the first seeds, `npm run faults` all 200.
// One seed again: `npm run faults -- -t "seed 170:"`. The moves are the same then, the network's are not.

import { describe, expect, inject, test, vi } from 'vitest';
import { createChance } from './matrix/chance.ts';
import { APPS, type Fleet, openFleet, type Protocol } from './matrix/fleet.ts';
import { inItsTime } from './matrix/patience.ts';
import { play } from './matrix/play.ts';
import { STRIKES } from './matrix/strikes.ts';

// They wait more than they work. What never comes is found by patience.ts; this limit is for what hangs.
vi.setConfig({ maxConcurrency: 12, testTimeout: 1_800_000 });

const PROTOCOLS: readonly [Protocol, ...Protocol[]] = [
  { http2: true, watchList: true },
  { http2: true, watchList: false },
  { http2: false, watchList: true },
];
const NAMES = Object.keys(STRIKES) as [string, ...string[]];
/** All alone, and one pair with each first. */
const FIRST_SEEDS = NAMES.length * (PROTOCOLS.length + 1);

/** The first ones alone, over each protocol; then pairs. */
function castOf(seed: number) {
  const chance = createChance(seed);
  const alone = seed < NAMES.length * PROTOCOLS.length;
  const first = NAMES[seed % NAMES.length] ?? NAMES[0];
  const others = NAMES.filter((name) => name !== first) as [string, ...string[]];
  const faults = alone ? [first] : [first, chance.of(others)];
  const protocol = alone
    ? (PROTOCOLS[Math.floor(seed / NAMES.length)] ?? PROTOCOLS[0])
    : chance.of(PROTOCOLS);
  const by = protocol.http2 ? `HTTP/2${protocol.watchList ? '' : ' in pages'}` : 'HTTP/1.1';
  return { seed, chance, faults, protocol, title: `seed ${seed}: ${faults.join(' and ')}, ${by}` };
}

/** What the rule makes of the truth. */
function expectTruth(fleet: Fleet): void {
  const readers = fleet.readers();
  for (const [index, { simulated, truth }] of fleet.members.entries()) {
    const { state, reason } = readers[index]?.status() ?? {};
    expect([simulated.name, state, reason]).toEqual([simulated.name, 'fresh', undefined]);
    for (const app of APPS) {
      const { pods } = truth.now(app);
      const seen = readers[index]?.footprint(app);
      expect([simulated.name, app, seen?.routed ? seen.pods : 0]).toEqual([
        simulated.name,
        app,
        pods,
      ]);
    }
  }
  for (const app of APPS) expectWeights(fleet, app);
}

function expectWeights(fleet: Fleet, app: string): void {
  const extents = fleet.members.map(({ truth }) => truth.now(app));
  const wanted = extents.flatMap(({ pods, addresses }) => {
    const weight = Math.max(1, Math.floor((pods * 10) / addresses.length));
    return pods === 0 ? [] : addresses.map((address) => `${address}=${weight}`);
  });
  // An app that is nowhere keeps what was published last.
  if (wanted.length === 0) return;
  const { servers = [] } = fleet.controller().published()?.app(app)?.upstream ?? {};
  const published = servers.map(({ address, weight }) => `${address}=${weight}`);
  expect([app, ...published]).toEqual([app, ...wanted.toSorted()]);
}

declare module 'vitest' {
  interface ProvidedContext {
    /** How many to play; absent: the first. */
    seeds?: number;
  }
}

const casts = Array.from({ length: inject('seeds') ?? FIRST_SEEDS }, (_, seed) => castOf(seed));

describe('each fault of an API server, alone and in pairs', () => {
  test.concurrent.for(casts)('$title', async ({ chance, faults, protocol }, context) => {
    const fleet = await openFleet(protocol, () => chance.next());
    context.onTestFinished(() => fleet.close());
    await inItsTime(() => expectTruth(fleet));
    await play(fleet, { faults, zeros: chance.is(0.3) }, chance);
    await inItsTime(() => expectTruth(fleet));
    expect(fleet.wrongs).toEqual([]);
  });
});

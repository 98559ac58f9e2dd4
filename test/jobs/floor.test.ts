// The floor of an app: so many of its pods serve at any moment of a fan-out. A cluster whose turn would take
// too many waits for one that comes back, and is refused where none does.

import { expect, onTestFinished, test } from 'vitest';
import { memoryStage } from './memory-stage.ts';
import { CLUSTERS, MemoryFleet, startFanouts, stream } from './fleet.ts';
import { serve, untilState } from './process.ts';

const ALL_V2 = { east: 'v2', west: 'v2', north: 'v2' };

/** Two pods in each of three clusters. */
async function begin(text: string, prepare: (fleet: MemoryFleet) => void = () => undefined) {
  const { journal, term } = await memoryStage();
  const fleet = new MemoryFleet();
  await fleet.run(CLUSTERS, stream('v1'));
  prepare(fleet);
  const process = startFanouts(fleet, journal);
  const stop = await serve(process, await term());
  onTestFinished(async () => {
    await stop();
    expect(process.errors).toEqual([]);
  });
  const { id } = await process.create(await fleet.draft(text));
  return { journal, fleet, id };
}

/** Of clusters that were held at once, the most there were. */
function mostHeld(said: readonly string[]): number {
  let held = 0;
  const counts = said.map((line) => (held += line.startsWith('hold') ? 1 : -1));
  return Math.max(0, ...counts);
}

test.each<[string, string, number]>([
  ['without a word one cluster of an app at a time is out', '{order: parallel}', 1],
  ['a count', '{order: parallel, floor: 2}', 2],
  ['a part of what served before, rounded up', '{order: parallel, floor: 34%}', 1],
  ['a part that lets two go', '{order: parallel, floor: 33%}', 2],
])('%s', async (_, strategy, most) => {
  const { journal, fleet, id } = await begin(stream('v2', strategy));
  await untilState(journal, id, 'Done');
  expect(fleet.images()).toEqual(ALL_V2);
  expect(mostHeld(fleet.said)).toBe(most);
  expect(fleet.said).toHaveLength(6);
});

test('what would go below it without anything that comes back is refused, and nothing is held', async () => {
  const { journal, fleet, id } = await begin(stream('v2', '{order: serial, floor: 5}'));
  const { why } = await untilState(journal, id, 'Paused');
  expect(why).toContain('4 pods would be left to serve shop, and its floor is 5');
  expect(fleet.said).toEqual([]);
  expect(Object.values(fleet.writes()).flat()).toEqual([]);
});

test('pods that come back end the wait', async () => {
  const early: string[] = [];
  let asked = 0;
  const { journal, fleet, id } = await begin(stream('v2', '{order: serial, floor: 4}'), (its) => {
    const pods = its.pods.bind(its);
    its.pods = () => {
      asked += 1;
      if (asked > 2) return pods();
      early.push(...its.said);
      return new Map([...pods(), ['north', 1]]);
    };
  });
  await untilState(journal, id, 'Done');
  expect(early).toEqual([]);
  expect(asked).toBeGreaterThan(2);
  expect(fleet.images()).toEqual(ALL_V2);
});

test('a cluster that failed and stays out is not waited for', async () => {
  const strategy = '{order: parallel, onFailure: continue}';
  const { journal, fleet, id } = await begin(stream('v2', strategy), (its) =>
    its.cluster('east').badImages.add('v2'),
  );
  const { why } = await untilState(journal, id, 'Paused');
  expect(why).toContain('all others are done; east');
  expect(fleet.images()).toEqual(ALL_V2);
  expect(mostHeld(fleet.said)).toBe(2);
});

test('fewer pods are not asked for where too few would be left', async () => {
  const { journal, fleet, id } = await begin(stream('v1', '{order: serial, floor: 5}', 1));
  const { why } = await untilState(journal, id, 'Paused');
  expect(why).toContain('4 pods would be left to serve shop, and its floor is 5');
  const writes = fleet.writes();
  expect(Object.values(writes).flat()).toEqual(['update Deployment prod/shop']);
});

test('a cluster is not given back before its pods are seen to serve', async () => {
  const early: string[] = [];
  let asked = 0;
  const { journal, fleet, id } = await begin(stream('v2', '{order: serial}'), (its) => {
    const pods = its.pods.bind(its);
    its.pods = () => {
      if (its.images()['east'] !== 'v2' || asked > 2) return pods();
      asked += 1;
      early.push(...its.said);
      return new Map([...pods(), ['east', 1]]);
    };
  });
  const { steps } = await untilState(journal, id, 'Done');
  expect(new Set(early)).toEqual(new Set(['hold east']));
  expect(steps['gate east']?.result?.text).toBe('all is as it is to be');
  expect(fleet.images()).toEqual(ALL_V2);
});

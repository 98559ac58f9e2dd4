import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findPlanted } from './find-planted.ts';
import { bug, change, type PlantedBug } from './plant.ts';
import { OF_JOBS } from './planted-jobs.ts';
import { OTHERS, PLANTED, RULES_OFF } from './planted.ts';
import { runSeeds, shrinkPlanted } from './seeds.ts';

// Whether each is found within 2,000 seeds: npm run simulate -- --planted (minutes, so not here).

function named(wanted: string): PlantedBug {
  const found = PLANTED.find(({ name }) => name === wanted);
  if (!found) throw new Error(`no such bug: ${wanted}`);
  return found;
}

test('each rule is switched off, and each bug changes text that is there once', () => {
  const rules = new Set([...RULES_OFF, ...OF_JOBS].map(({ name }) => name.split(':')[0]));
  for (let rule = 1; rule <= 12; rule++) expect([...rules]).toContain(`R${rule}`);
  expect(OTHERS.length).toBeGreaterThanOrEqual(8);
  for (const { name, changes } of PLANTED) {
    for (const { file, from } of changes) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(text.split(from).length - 1, `${name}: ${file}: ${from}`).toBe(1);
    }
  }
});

test('a planted bug is found, and shown with no action that could be left out', async () => {
  const bug = named('rounds forget the holds');
  const [found] = await runSeeds({ first: 1, count: 50, bug, threads: 2, untilWrong: true });
  expect(found?.wrong).toContain('against');
  const { keep, verdict, trace } = await shrinkPlanted(bug, found?.seed ?? 0);
  expect(keep.length).toBeLessThanOrEqual(3);
  expect(trace.join('\n')).toContain(`WRONG ${verdict.wrong}`);
});

test('a seed on record is of a bug that there is', () => {
  const text = readFileSync(new URL('found-at.json', import.meta.url), 'utf8');
  const names = PLANTED.map(({ name }) => name);
  expect(Object.keys(JSON.parse(text)).filter((name) => !names.includes(name))).toEqual([]);
});

test('a bug is looked for where it was found, then from the first seed on; and may not be found', async () => {
  const holds = named('rounds forget the holds');
  const same = 'readonly #seed: number;';
  const none = bug('nothing', change('test/simulate/chance.ts', same, same));
  const foundWith = async (foundAt: Readonly<Record<string, number>>, one: PlantedBug) => {
    const [found] = await findPlanted([one], { first: 1, count: 3, foundAt });
    return { seed: found?.verdict?.seed, noLongerAt: found?.noLongerAt };
  };
  expect(await foundWith({ [holds.name]: 6 }, holds)).toEqual({ seed: 6 });
  expect(await foundWith({ [holds.name]: 2 }, holds)).toEqual({ seed: 1, noLongerAt: 2 });
  expect(await foundWith({}, holds)).toEqual({ seed: 1 });
  expect(await foundWith({ [none.name]: 1 }, none)).toEqual({ noLongerAt: 1 });
});

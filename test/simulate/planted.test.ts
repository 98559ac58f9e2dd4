import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OF_JOBS } from './planted-jobs.ts';
import { OTHERS, PLANTED, RULES_OFF } from './planted.ts';
import { runSeeds, shrinkPlanted } from './seeds.ts';

// Whether each is found within 2,000 seeds: npm run simulate -- --planted (minutes, so not here).

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
  const bug = OTHERS.find(({ name }) => name === 'rounds forget the holds');
  if (!bug) throw new Error('no such bug');
  const [found] = await runSeeds({ first: 1, count: 50, bug, threads: 2, untilWrong: true });
  expect(found?.wrong).toContain('against');
  const { keep, verdict, trace } = await shrinkPlanted(bug, found?.seed ?? 0);
  expect(keep.length).toBeLessThanOrEqual(3);
  expect(trace.join('\n')).toContain(`WRONG ${verdict.wrong}`);
});

// Plans and rehearsals as text: what refuses first, numbers in columns, no Secret.

import { expect, test } from 'vitest';
import type { PlanAnswer, RehearsalAnswer } from '../../src/api/migration-shapes.ts';
import { planText, rehearsalText } from '../../src/cli/migration-text.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import { PASSWORD, REQUEST, world } from '../migration/plan/plan-world.ts';

const answer = (own: Parameters<typeof world>[0] = {}): PlanAnswer =>
  JSON.parse(JSON.stringify(planMigration(REQUEST, world(own)))) as PlanAnswer;

test('a plan: room, objects in order, the weights of each step', () => {
  const text = planText(answer());
  const lines = text.split('\n');
  expect(lines[0]).toBe('online from east to west: can begin');
  expect(lines).toContain('room in west: rung 0, all in full');
  expect(lines).toContain('shop: planned, Deployment prod/shop, 4 pods');
  expect(lines).toContain('4     Deployment prod/shop  apply  -');
  expect(lines).toContain('25 %      west  100     2        50    20.0 %');
  expect(lines).toContain('          east  300     2        150   60.0 %');
  expect(lines.at(-2)).toMatch(/^digest [0-9a-f]{64}$/);
  expect(text).not.toContain(PASSWORD);
});

test('a refused plan: what refuses before what only warns', () => {
  const edges = [{ name: 'edge-1', silent: 'no word for 60 s' }];
  const text = planText(answer({ edges, clusters: ['west'] }));
  const [first, , head, ...rest] = text.split('\n');
  expect(first).toBe('online from east to west: refused');
  expect(head).toMatch(/^FINDING +APP +CODE +OF +WHAT$/);
  expect(rest[0]).toMatch(/^refuse +- +no-source +cluster east +there is none$/);
  expect(rest[1]).toMatch(/^warn +- +silent-edge +edge edge-1 +no word for 60 s$/);
});

test('a rehearsal: ages, what is wrong, where they would go', () => {
  const rehearsal: RehearsalAnswer = {
    at: '2026-01-02T12:00:00.000Z',
    clusters: [
      {
        cluster: 'east',
        ok: false,
        apps: [
          {
            app: 'shop',
            namespace: 'prod',
            backup: 'nightly-1',
            ageSeconds: 57_600,
            warnings: [],
            passedOver: [{ backup: 'nightly-2', why: 'it is cut off' }],
          },
          { app: 'news', warnings: [], passedOver: [], trouble: 'there is no backup' },
        ],
        destinations: [
          { cluster: 'west', ok: true, rung: 1, words: 'halved', refused: [], deferred: [] },
          { cluster: 'north', ok: true, rung: 3, words: 'halved', refused: [], deferred: ['news'] },
        ],
      },
      { cluster: 'west', ok: true, apps: [], destinations: [] },
    ],
  };
  expect(rehearsalText(rehearsal)).toBe(`as if each died, at 2026-01-02T12:00:00.000Z

east: not all of its apps would come back
APP        BACKUP     AGE  WHAT IS WRONG
prod/shop  nightly-1  16h  nightly-2 is passed over: it is cut off
news       none       -    there is no backup
TO     TAKES ALL  RUNG  WHY
west   yes        1     halved
north  no         3     halved; news would wait for room

west: nothing runs there
`);
});

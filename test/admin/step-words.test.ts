// What the page calls the steps of a move.

import { expect, test } from 'vitest';
import { labelOf } from '../../src/admin/migrations/step-words.ts';
import { en } from '../../src/admin/words/en.ts';
import { planOf } from '../migration/flow/runs.ts';

const [app] = planOf(['shop'], 'online').apps;
if (!app) throw new Error('no app');

test('an object by its name, a part of the weights as such, whatever number it has', () => {
  const said = ['apply.5', 'shift.5', 'again.5', 'return.ready', 'return.5', 'return.drain'];
  expect(said.map((name) => labelOf(en, app, name))).toEqual([
    'Write Ingress prod/shop',
    'Shift 5 %',
    'Make again at the source Ingress prod/shop',
    'Return: pods, endpoints and a probe at the source',
    'Return: 5 %',
    'Return: the destination’s last requests end',
  ]);
});

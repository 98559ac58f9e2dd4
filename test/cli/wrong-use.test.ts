// What is typed wrongly: a sentence that names it, exit code 1, and nobody is asked.

import { expect, test } from 'vitest';
import { call } from './run.ts';

test.each([
  ['appp', "unknown command 'appp'"],
  ['appp get', "unknown command 'appp'"],
  ['version now', 'too many arguments'],
  ['app get shop pay', 'too many arguments'],
  ['app gte', "unknown command 'gte'"],
  ['cluster drain east --why x --until soon', '--until: must be a time as'],
  ['weight pin shop --cluster east --weight 1 --why x --until 0m', '1d from now, not 0m'],
  ['history --since yesterday', '1d ago, not yesterday'],
])('%s: %s', async (line, text) => {
  const { code, out, errors } = await call(line.split(' '));
  expect([code, out]).toEqual([1, '']);
  expect(errors).toContain(text);
  expect(errors).not.toContain('nobody listens');
});

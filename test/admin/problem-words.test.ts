// Every refusal of the error table has its Chinese words, as the page shows them.

import { expect, test } from 'vitest';
import { zhErrors } from '../../src/admin/words/zh-errors.ts';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];
const quotedIn = (text: string): string[] => text.match(/`[^`]+`|\/api\/[\w/]*/g) ?? [];

test('the page has the words of every code of the table, and of no other', () => {
  expect(Object.keys(zhErrors).toSorted()).toEqual(codes.toSorted());
});

test.each(codes)('%s: Chinese, and what is to be typed stays as it is', (code) => {
  const { title, act } = zhErrors[code];
  for (const text of [title, act]) expect(text).toMatch(/\p{Script=Han}/u);
  expect(quotedIn(act).toSorted()).toEqual(quotedIn(ERRORS[code].act).toSorted());
  expect(quotedIn(title)).toEqual(quotedIn(ERRORS[code].title));
});

test('no two codes have one title', () => {
  const titles = codes.map((code) => zhErrors[code].title);
  expect(new Set(titles).size).toBe(codes.length);
});

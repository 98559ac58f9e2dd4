import { describe, expect, it } from 'vitest';
import { keepMarks } from '../src/marks.ts';

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `app-${String(from + i).padStart(4, '0')}`);

describe('marks', () => {
  it('are of all apps at the start, by name, and few in a round', () => {
    const marks = keepMarks(
      () => names(0, 1200).toReversed(),
      () => 0,
    );
    expect(marks.isEmpty()).toBe(false);
    const rounds = [marks.take(), marks.take(), marks.take()].map((apps) => [...apps.keys()]);
    expect(rounds.flat()).toEqual(names(0, 1200));
    expect(Math.max(...rounds.map(({ length }) => length))).toBeLessThanOrEqual(500);
    expect([marks.isEmpty(), marks.isOfAll()]).toEqual([true, false]);
    expect(marks.take().size).toBe(0);
  });

  it('by name go before those of all, and count once', () => {
    const marks = keepMarks(
      () => names(0, 1200),
      () => 0,
    );
    marks.take();
    expect(marks.isOfAll()).toBe(true);
    marks.mark(new Set(['app-1100', 'other']));
    expect(marks.has('other')).toBe(true);
    expect([...marks.take().keys()].slice(0, 3)).toEqual(['app-1100', 'other', 'app-0500']);
    expect(marks.has('app-1100')).toBe(false);
    expect(marks.take().has('app-1100')).toBe(false);
  });

  it('of all again: who waits already comes first, who was taken comes again', () => {
    const marks = keepMarks(
      () => names(0, 700),
      () => 0,
    );
    marks.take();
    marks.mark('all');
    const next = [...marks.take().keys()];
    expect(next[0]).toBe('app-0500');
    expect(next[200]).toBe('app-0000');
    expect([...marks.take().keys()].at(-1)).toBe('app-0499');
  });

  it('say since when each app is marked', () => {
    let now = 5;
    const marks = keepMarks(
      () => ['a', 'b'],
      () => now,
    );
    now = 7;
    marks.mark(new Set(['a', 'new']));
    now = 9;
    marks.mark(new Set(['a']));
    expect([...marks.take()]).toEqual([
      ['a', 7],
      ['new', 7],
      ['b', 5],
    ]);
    marks.mark(new Set(['a']));
    expect([...marks.take()]).toEqual([['a', 9]]);
  });
});

import { expect, test } from 'vitest';
import { planOf, run } from './run.ts';
import { runSeeds } from './seeds.ts';

async function traceOf(seed: number, keep?: readonly number[]): Promise<string> {
  const trace: string[] = [];
  const { settledMs, wrong } = await run(seed, { trace, ...(keep && { keep }) });
  return [...trace, `settled ${settledMs}`, `wrong ${wrong}`].join('\n');
}

test('a seed runs the same way every time, byte for byte', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const first = await traceOf(seed);
    expect(await traceOf(seed)).toBe(first);
    expect(first).toContain('wrong undefined');
  }
});

test('other seeds run otherwise, and so does a part of a plan', async () => {
  expect(await traceOf(1)).not.toBe(await traceOf(2));
  const half = planOf(1).flatMap((_, number) => (number % 2 === 0 ? [number] : []));
  expect(await traceOf(1, half)).not.toBe(await traceOf(1));
});

test('a thread finds what this one does', async () => {
  const times = new Map<number, number | undefined>();
  const onVerdict = (one: { seed: number; settledMs?: number }): void => {
    times.set(one.seed, one.settledMs);
  };
  expect(await runSeeds({ first: 21, count: 10, threads: 2, onVerdict })).toEqual([]);
  for (const [seed, settledMs] of times) expect((await run(seed)).settledMs).toBe(settledMs);
  expect(times.size).toBe(10);
});

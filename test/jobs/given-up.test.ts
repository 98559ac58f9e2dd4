// A step that is given up on a way back: whether what it creates may still come is on record.

import { expect, onTestFinished, test } from 'vitest';
import { openBook } from '../../src/jobs/book.ts';
import { obey } from '../../src/jobs/commands.ts';
import type { JobKind, Outcome } from '../../src/jobs/kind.ts';
import { until } from '../controlplane/until.ts';
import { memoryStage } from './memory-stage.ts';
import { draftOf, serve, startProcess } from './process.ts';
import { ToyWorld } from './toy.ts';

const OBJECT = { cluster: 'east', apiVersion: 'v1', kind: 'X', name: 'a' };
const ABORT = { name: 'abort', said: { who: 'ann', at: 0 } } as const;

/** `do` until it is called off, then `undo`, which rests. */
function kindOf(act: () => Promise<Outcome>): JobKind {
  return {
    kind: 'toy',
    next: ({ aborted, steps }) => {
      const failed = steps['do']?.result?.kind === 'failed';
      return aborted || failed
        ? { state: 'RollingBack', run: ['undo'] }
        : { state: 'Running', run: ['do'] };
    },
    prepare: async (_job, step) => ({ text: step, objects: [OBJECT] }),
    act: async (_job, { id }) =>
      id === 'undo' ? { kind: 'wait', text: 'on and on', seconds: 100 } : act(),
  };
}

async function begun(act: () => Promise<Outcome>) {
  const { journal, term } = await memoryStage();
  const start = async () => {
    const kinds = () => [kindOf(act)];
    const process = startProcess({ journal, world: new ToyWorld(), kinds });
    const stop = await serve(process, await term());
    return { process, stop };
  };
  const { process, stop } = await start();
  const { id } = await process.create(draftOf());
  const stepOf = async (name: string) => (await journal.read(id))?.steps[name];
  const ended = async () => {
    await until('it is undone', () => stepOf('undo'));
    return stepOf('do');
  };
  const abort = () => process.command(id, { name: 'abort', who: 'ann' });
  return { journal, term, id, start, stop, stepOf, ended, abort };
}

test('by who began it, each answer heard: nothing may come', async () => {
  const waits = { kind: 'wait', text: 'not yet', seconds: 0.01 } as const;
  const { stop, stepOf, ended, abort } = await begun(async () => waits);
  onTestFinished(stop);
  await until('it is begun', () => stepOf('do'));
  await abort();
  const step = await ended();
  expect(step?.result?.kind).toBe('left');
  expect(step).not.toHaveProperty('taken');
});

test('by a successor, before it had looked at it: what it creates may come', async () => {
  const never = Promise.withResolvers<Outcome>();
  const { journal, term, id, start, stop, stepOf, ended } = await begun(() => never.promise);
  await until('it is begun', () => stepOf('do'));
  const book = openBook({ journal, memory: new Map(), changed: () => undefined }, await term());
  const job = await journal.read(id);
  if (job) book.take(job);
  await book.update(id, (now) => obey(now, ABORT));
  const next = await start();
  onTestFinished(async () => {
    never.resolve({ kind: 'failed', text: 'it is over' });
    await Promise.all([stop(), next.stop()]);
  });
  expect(await ended()).toMatchObject({ taken: true, result: { kind: 'left' } });
});

test.each(['wait', 'failed'] as const)('one whose call got no answer: %s', async (kind) => {
  const text = 'no answer in time';
  const outcome = kind === 'wait' ? { kind, text, seconds: 0.01 } : { kind, text };
  const { stop, ended, stepOf, abort } = await begun(async () => ({ ...outcome, unheard: true }));
  onTestFinished(stop);
  await until('it is begun', () => stepOf('do'));
  if (kind === 'wait') await abort();
  const step = await ended();
  expect(step).toMatchObject({ taken: true });
  expect(step?.result).toEqual(
    kind === 'wait' ? { kind: 'left', text: 'given up half-way' } : { kind, text },
  );
});

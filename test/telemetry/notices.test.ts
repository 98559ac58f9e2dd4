// Events at a simulated home cluster: one object for a thing, its count, and what is said where a right
// is missing.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEventWriter, type EventWriter } from '../../src/clusters/event-writer.ts';
import { systemClock } from '../../src/clock.ts';
import type { Hold } from '../../src/model.ts';
import { openNotices } from '../../src/telemetry/notices.ts';
import { jumpingClock } from '../api/jumping-clock.ts';
import { until } from '../controlplane/until.ts';
import { SimulatedApiServer } from '../simulated/api-server.ts';

const REASON = { code: 'would-empty', text: 'shop would lose its last server' } as const;
const START = 1_700_000_000_000;
let home: SimulatedApiServer;
let folder: string;
let writer: EventWriter;
let stop: AbortController;
let clock: ReturnType<typeof jumpingClock>;
let said: string[];
let isLeading: boolean;
/** Writes that were answered. */
let answered: number;

beforeEach(async () => {
  home = new SimulatedApiServer({ name: 'home' });
  await home.start();
  folder = await mkdtemp(join(tmpdir(), 'ballast-events-'));
  await writeFile(join(folder, 'home.kubeconfig'), home.kubeconfig());
  clock = jumpingClock();
  writer = await openEventWriter(
    { kubeconfig: { path: 'home.kubeconfig' }, namespace: 'ops' },
    {
      baseFolder: folder,
      clock: systemClock,
      wall: () => new Date(START),
      random: Math.random,
      environment: {},
      log: pino({ level: 'silent' }),
    },
  );
  stop = new AbortController();
  said = [];
  isLeading = true;
  answered = 0;
});
afterEach(async () => {
  stop.abort();
  await writer.close();
  await home.stop();
  await rm(folder, { recursive: true });
});

/** A controller's; another one is another leader. */
function leader(environment = 'prod') {
  const notices = openNotices({
    writer: {
      write: (event) =>
        writer.write(event).finally(() => {
          answered += 1;
        }),
    },
    environment,
    isLeading: () => isLeading,
    clock: clock.clock,
    wall: () => START,
    log: {
      info: (text: unknown) => void said.push(String(text)),
      warn: (_fields: unknown, text?: string) => void said.push(String(text)),
    },
  });
  void notices.run(stop.signal);
  return notices;
}

interface Shown {
  readonly reason: string;
  readonly count: number;
  readonly message: string;
}

function events(): Shown[] {
  const all = [...(home.store.objects.get('events')?.values() ?? [])] as unknown as Shown[];
  return all.map(({ reason, count, message }) => ({ reason, count, message }));
}

const counts = (): number[] => events().map(({ count }) => count);
const drain = (id: string, more: Partial<Hold> = {}): Hold => {
  return { id, kind: 'drain', who: 'ann', why: 'kernel', since: START, cluster: 'east', ...more };
};

test('what is refused round after round is one Event, counted up once a minute', async () => {
  const notices = leader();
  notices.refused('shop', REASON);
  await until('it is written', () => answered === 1);
  expect(counts()).toEqual([1]);
  for (let round = 0; round < 5; round += 1) notices.refused('shop', REASON);
  notices.refused('news', REASON);
  await until('the other app has its own', () => answered === 2);
  expect(counts()).toEqual([1, 1]);
  clock.passSeconds(61);
  await until('its count is raised', () => answered === 3);
  expect(counts()).toEqual([6, 1]);
  expect(events()[0]).toMatchObject({ reason: 'WouldEmpty', message: REASON.text });
});

test('the next leader counts on, and other environments have Events of their own', async () => {
  leader().refused('shop', REASON);
  await until('it is written', () => answered === 1);
  leader().refused('shop', REASON);
  await until('it is counted up', () => counts()[0] === 2);
  leader('test').refused('shop', REASON);
  await until('another environment’s', () => counts().length === 2);
  expect(counts().toSorted()).toEqual([1, 2]);
});

test('an Event that expired in between is made anew', async () => {
  const notices = leader();
  notices.refused('shop', REASON);
  await until('it is written', () => answered === 1);
  home.store.objects.get('events')?.clear();
  clock.passSeconds(61);
  notices.refused('shop', REASON);
  await until('it is there again', () => counts()[0] === 1);
});

test('drains come and go, in words; nothing but drains, and only by the leader', async () => {
  const notices = leader();
  const pin: Hold = { ...drain('h-2'), kind: 'pin', app: 'shop', weight: 3 };
  isLeading = false;
  notices.held([], [drain('h-0', { cluster: 'north' })]);
  isLeading = true;
  notices.held([], [drain('h-1'), pin]);
  notices.held([drain('h-1'), pin], [pin]);
  await until('both are told', () => events().length === 2);
  expect(events()).toEqual([
    { reason: 'Drained', count: 1, message: 'drain h-1 of cluster east by ann: kernel' },
    { reason: 'Undrained', count: 1, message: 'drain h-1 of cluster east by ann is over: kernel' },
  ]);
});

test('a missing right is said once, and what was to be told comes later', async () => {
  const fault = await home.fault({ kind: 'status', code: 403, resources: ['events'] });
  const notices = leader();
  notices.refused('shop', REASON);
  await until('it is said', () => said.length > 0);
  for (let times = 0; times < 3; times += 1) {
    const before = answered;
    notices.refused('shop', REASON);
    clock.passSeconds(601);
    await until('it was tried again', () => answered > before);
  }
  expect(said).toEqual(['Events cannot be written; all else goes on']);
  expect(events()).toEqual([]);
  await fault.clear();
  clock.passSeconds(601);
  await until('it is written, and said', () => said.length === 2);
  expect(counts()[0]).toBeGreaterThan(1);
  expect(said).toEqual(['Events cannot be written; all else goes on', 'Events are written again']);
});

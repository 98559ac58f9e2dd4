// The API over a whole controller in memory that runs.

import { buildApi, type ApiParts } from '../../src/api/server.ts';
import { systemClock } from '../../src/clock.ts';
import { collectStatistics } from '../../src/edges/statistics.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { openAtLoopback } from './access.ts';
import { openMemoryStore } from '../../src/edges/memory.ts';
import type { Lease } from '../../src/edges/store.ts';
import { controllerInMemory, type InMemory, type Own } from './memory-controller.ts';
import { memoryRuns, type RunsOwn } from './memory-runs.ts';
import { NO_MIGRATIONS } from './no-migrations.ts';

export interface Answer {
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

const closing: (() => Promise<void>)[] = [];

/** For `afterEach`: the last first. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close();
}

export async function openApi(own: Own & RunsOwn, more: Partial<ApiParts> = {}) {
  const stop = new AbortController();
  const { store = openMemoryStore((own.clock ?? systemClock).now) } = own;
  const runs = memoryRuns(store, () => parts, own);
  const duty = (lease: Lease) => runs.jobs.serve(lease);
  const parts: InMemory = controllerInMemory({ duty, ...own, store });
  const api = buildApi({
    ...parts,
    ...runs,
    sources: () => [],
    vms: joinVms([]),
    statistics: collectStatistics(),
    history: parts.store.history,
    migrations: NO_MIGRATIONS,
    beat: async () => undefined,
    edges: parts.store,
    notes: parts.store.notes,
    clock: systemClock,
    wall: own.wall ?? (() => new Date(0)),
    random: () => Math.random(),
    forgottenHours: () => 24,
    ready: () => ({ ready: true, why: '' }),
    environment: 'test',
    metrics: async () => ({ type: 'text/plain', text: '' }),
    signal: stop.signal,
    access: openAtLoopback('admin'),
    ...more,
  });
  const running = parts.controller.run(stop.signal);
  closing.push(async () => {
    stop.abort();
    await running;
    await api.close();
  });
  const call = async (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    payload?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const reply = await api.inject({ method, url, headers, ...(payload && { payload }) });
    const isJson = String(reply.headers['content-type']).includes('json') && reply.body !== '';
    return { status: reply.statusCode, json: isJson ? reply.json() : undefined };
  };
  const weights = (app = 'shop'): string =>
    (parts.controller.published()?.app(app)?.upstream.servers ?? [])
      .map(({ weight, auto }) => (auto === undefined ? `${weight}` : `${weight} of ${auto}`))
      .join(', ');
  const hold = (body: object, query = ''): Promise<Answer> =>
    call('POST', `/api/v1/holds${query}`, { why: 'repair', ...body });
  return { ...parts, ...runs, api, call, hold, weights };
}

// The tables of holds and ramps, one file each in test/cases/: adding a test is adding a file.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Hold, Reason, Server, Upstream } from '../../src/model.ts';
import { holdsByApp } from '../../src/weights/holds.ts';
import { showOver } from '../../src/weights/over.ts';
import type { Entry } from '../../src/weights/scale.ts';

type Weight = number | string;
type Groups = Readonly<Record<string, Readonly<Record<string, Weight>>>>;

interface OverCase {
  readonly auto: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Absent: as `auto`. */
  readonly published?: Groups;
  readonly holds?: readonly Partial<Hold>[];
  readonly now?: number;
  /** What a cluster that could take a step is told; absent: nothing is ramped. */
  readonly word?: boolean | 'whole' | Reason;
  /** `WEIGHT`, or `WEIGHT of AUTO`. */
  readonly expected: Readonly<Record<string, Weight>>;
  /** `WEIGHT of GOAL`, with the reason's code behind it. */
  readonly ramps?: Readonly<Record<string, string>>;
}

function read(folder: string, name: string): OverCase {
  return parse(readFileSync(new URL(`../cases/${folder}/${name}`, import.meta.url), 'utf8'));
}

function serversOf(groups: Groups): Server[] {
  return Object.entries(groups).flatMap(([from, servers]) =>
    Object.entries(servers).map(([address, text]) => {
      const [weight = 0, auto] = String(text).split(' of ').map(Number);
      return { address, from, weight, ...(auto !== undefined && { auto }) };
    }),
  );
}

function entryOf(server: Server): Entry {
  const { weight } = server;
  return { server, exact: weight, pods: 1, ingressNodes: 1, formula: `${weight}` };
}

function show({ auto, published = auto, holds = [], now = 0, word }: OverCase) {
  const upstream: Upstream = {
    app: 'shop',
    policy: { balance: 'smooth', whenUnhealthy: 'spread' },
    servers: serversOf(published),
  };
  const full = holds.map((hold, index) => ({
    id: `h${index}`,
    kind: 'drain' as const,
    who: 'ann',
    why: 'repair',
    since: 0,
    ...hold,
  }));
  const ramp = word !== undefined && { ramp: { percent: 25, step: () => word } };
  const entries = serversOf(auto).map(entryOf);
  return showOver(entries, {
    app: 'shop',
    published: upstream,
    over: { holdsOf: holdsByApp(full), now, ...ramp },
  });
}

const files = (folder: string) =>
  readdirSync(new URL(`../cases/${folder}/`, import.meta.url)).map((name) => [folder, name]);

test.each([...files('holds'), ...files('ramps')])('case %s/%s', (folder = '', name = '') => {
  const given = read(folder, name);
  const { entries, ramps } = show(given);
  const shown = entries.map(({ server: { address, weight, auto } }) => [
    address,
    auto === undefined ? `${weight}` : `${weight} of ${auto}`,
  ]);
  const wanted = Object.entries(given.expected).map(([address, text]) => [address, String(text)]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(wanted));
  const ways = [...ramps].map(([from, { weight, of, stopped }]) => [
    from,
    `${weight} of ${of}${stopped ? ` ${stopped.code}` : ''}`,
  ]);
  expect(Object.fromEntries(ways)).toEqual(given.ramps ?? {});
});

test('a sum that is held says whose word it is, and a cluster why', () => {
  const { entries, words } = show(read('holds', 'drain-cluster.yaml'));
  expect(entries[0]?.formula).toBe('40; drain h0 of ann: 0');
  expect(entries.find(({ server }) => server.from === 'west')?.formula).toBe('50');
  expect([...words]).toEqual([['east', { code: 'drained', text: 'drain h0 of ann: repair' }]]);
});

test('what is shown again from what was published stays, whatever the hold', () => {
  for (const [folder = '', name = ''] of files('holds')) {
    const given = read(folder, name);
    const first = show(given).entries.map(({ server }) => server);
    const groups = Object.fromEntries(
      [...Map.groupBy(first, ({ from }) => from)].map(([from, servers]) => [
        from,
        Object.fromEntries(
          servers.map(({ address, weight, auto }) => [address, `${weight} of ${auto ?? weight}`]),
        ),
      ]),
    );
    const again = show({ ...given, published: groups }).entries.map(({ server }) => server);
    expect(again, name).toEqual(first);
  }
});

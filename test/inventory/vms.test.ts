// The file of VMs: what cannot be read is unknown, not none.

import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { takeInventory, type World } from '../../src/inventory/inventory.ts';
import { openVmFile, type VmFileSource } from '../../src/inventory/vms-file.ts';
import { tellVms } from '../../src/inventory/vms-told.ts';
import { joinVms, type Vms } from '../../src/inventory/vms.ts';
import type { Dirty, Upstream } from '../../src/model.ts';
import { weigh } from '../../src/weights/rule.ts';

const POLICY = { balance: 'smooth', whenUnhealthy: 'spread' } as const;
const published: Upstream = {
  app: 'shop',
  policy: POLICY,
  servers: [
    { address: '10.9.0.1:80', from: 'vm', weight: 10 },
    { address: '10.9.0.2:80', from: 'vm', weight: 0, auto: 7 },
  ],
};

let folder: string;
let file: string;
let told: (string | undefined)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-vms-'));
  file = join(folder, 'vms.yaml');
  told = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Reads once and stops: what it marked. */
async function follow(vms: Vms): Promise<Dirty[]> {
  const marks: Dirty[] = [];
  const stop = new AbortController();
  const going = vms.follow((dirty) => marks.push(dirty), stop.signal);
  stop.abort();
  await going;
  return marks;
}

const still: Clock = { now: () => 0, sleep: async () => undefined };

interface Opened extends Vms {
  refresh: VmFileSource['refresh'];
}

function open(list: Parameters<typeof tellVms>[0] = []): Opened {
  const fromFile = openVmFile(file, still, (_, trouble) => told.push(trouble));
  return { ...joinVms([tellVms(list), fromFile]), refresh: () => fromFile.refresh() };
}

function world(vms: Vms): World {
  return {
    clusters: [],
    told: new Map(),
    vms: vms.vms(),
    vmsUnread: (app) => vms.unread(app),
    vmRegistered: (app, address) => vms.registered(app, address),
    vmsReason: (app) => vms.reason(app),
    policy: POLICY,
    hostsFromIngress: true,
    base: 10,
    secondLookMs: 10_000,
    last: () => undefined,
    published: () => published,
  };
}
const look = (vms: Vms) => {
  const inventory = takeInventory(world(vms), 'shop');
  return { inventory, weighed: weigh(inventory, published, 10) };
};

test.each([
  ['missing', undefined],
  ['empty', ''],
  ['no YAML', 'shop: ["10.9.0.1:80"'],
  ['no mapping', '- shop'],
  ['an alias', 'shop: &a ["10.9.0.1:80"]\nnews: *a'],
  ['no list', 'shop: 10.9.0.1:80'],
  ['no address', 'shop: ["10.9.0.1:80", "10.9.0.2"]'],
])('%s at a start: what is published of VMs stays, weight by weight', async (_, text) => {
  if (text !== undefined) await writeFile(file, text);
  const vms = open();
  await vms.refresh();
  const { inventory, weighed } = look(vms);
  expect(inventory.standing).toBe('unseen');
  expect(weighed.upstream.servers.map(({ weight }) => weight)).toEqual([10, 7]);
  expect(weighed.reasons.get('vm')?.code).toBe('vms-unread');
  expect(told).toEqual([vms.trouble()]);
  expect(vms.trouble()).toContain(file);
  expect(vms.trouble()).not.toContain('\n');
});

test('VMs of the configuration that are not published join those that are', async () => {
  const vms = open([
    { name: 'shop', vms: [{ address: '10.9.0.1:80' }, { address: '10.9.0.3:80' }] },
  ]);
  await vms.refresh();
  const { weighed } = look(vms);
  expect(weighed.upstream.servers.map(({ address, weight }) => [address, weight])).toEqual([
    ['10.9.0.1:80', 10],
    ['10.9.0.2:80', 7],
    ['10.9.0.3:80', 10],
  ]);
});

test('the first good file ends it for every app, those it does not name too', async () => {
  const vms = open();
  await vms.refresh();
  await writeFile(file, '{}');
  expect(await follow(vms)).toEqual(['all']);
  expect(look(vms).inventory).toMatchObject({ vms: [], standing: 'orphaned' });
  expect(told.at(-1)).toBeUndefined();
});

test('a later error keeps the last VMs and says so, until the same file is back', async () => {
  const good = 'shop: ["10.9.0.5:80"]\n';
  await writeFile(file, good);
  const vms = open();
  await vms.refresh();
  await unlink(file);
  expect(await follow(vms)).toEqual(['all']);
  expect(look(vms).inventory).toMatchObject({
    vms: ['10.9.0.5:80'],
    vmsReason: { code: 'vms-stale' },
  });
  expect(await follow(vms)).toEqual([]);
  await writeFile(file, good);
  expect(await follow(vms)).toEqual(['all']);
  expect(vms.trouble()).toBeUndefined();
  expect(told).toHaveLength(2);
});

test('each source has a state of its own, with its age and reason', async () => {
  const vms = open([{ name: 'shop', vms: [{ address: '10.9.0.1:80' }] }]);
  const states = () => vms.sources().map(({ name, state, vms: count }) => [name, state, count]);
  const known = ['configuration', 'fresh', 1];
  expect(states()).toEqual([known, ['file', 'unread', 0]]);
  await writeFile(file, 'shop: ["10.9.0.5:80", "10.9.0.6:80"]');
  await vms.refresh();
  expect(states()).toEqual([known, ['file', 'fresh', 2]]);
  await unlink(file);
  await vms.refresh();
  expect(states()).toEqual([known, ['file', 'stale', 2]]);
  expect(vms.sources()[1]?.reason).toContain('no such file');
  expect(vms.registered('shop', '10.9.0.5:80')).toBe(false);
});

test('one address in two forms is one, and one with a zone is left out with a reason', async () => {
  await writeFile(file, 'shop: ["[::1]:80", "[0:0::1]:80", "[fe80::1%eth0]:80"]\n');
  const vms = open([{ name: 'shop', vms: [{ address: '[0::0:1]:80' }] }]);
  await vms.refresh();
  const { inventory, weighed } = look(vms);
  expect(weighed.upstream.servers.map(({ address }) => address)).toEqual(['[::1]:80']);
  expect(inventory.vmsReason?.code).toBe('address-invalid');
  expect(inventory.vmsReason?.text).toContain('[fe80::1%eth0]:80');
});

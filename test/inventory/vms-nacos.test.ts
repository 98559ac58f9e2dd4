// The Nacos source against a registry that answers as its documentation says.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/clock.ts';
import { openNacosApi, type NacosPlace } from '../../src/inventory/nacos-api.ts';
import { serviceNames } from '../../src/inventory/nacos-settings.ts';
import type { VmSource } from '../../src/inventory/vm-source.ts';
import { openNacos } from '../../src/inventory/vms-nacos.ts';
import type { Dirty } from '../../src/model.ts';
import { SimulatedNacos } from '../simulated/nacos.ts';

const VM = { ip: '10.9.0.1', port: 80 };
const OTHER = { ip: '10.9.0.2', port: 80 };

let nacos: SimulatedNacos;
let folder: string;
let told: (string | undefined)[];
let now: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-nacos-'));
  nacos = await new SimulatedNacos().start();
  told = [];
  now = 0;
});
afterEach(async () => {
  await nacos.stop();
  await rm(folder, { recursive: true });
});

/** A source whose time passes only in `pass`, one pass a call. */
class Driven {
  readonly source: VmSource;
  readonly sleeps: number[] = [];
  #marks: Dirty[] = [];
  #passed = Promise.withResolvers<void>();
  #next = Promise.withResolvers<void>();
  readonly #stop = new AbortController();
  readonly #going: Promise<void>;

  constructor(place: Partial<NacosPlace> = {}, names: readonly string[] = ['shop', 'news']) {
    const clock: Clock = { now: () => now, sleep: (ms) => this.#sleep(ms) };
    this.source = openNacos({
      api: openNacosApi({ url: nacos.url, ...place }, clock),
      apps: () => names,
      serviceOf: serviceNames({ url: nacos.url, service: '{app}' }, []),
      filter: {},
      intervalMs: 5000,
      clock,
      random: () => 0.5,
      tell: (_, trouble) => told.push(trouble),
    });
    this.#going = this.#start();
  }

  async #start(): Promise<void> {
    await this.#next.promise;
    await this.source.follow((dirty) => this.#marks.push(dirty), this.#stop.signal);
  }

  async #sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    if (ms !== 5000) return;
    this.#next = Promise.withResolvers();
    this.#passed.resolve();
    await this.#next.promise;
  }

  /** Answers the apps that were marked. */
  async pass(seconds = 0): Promise<string[]> {
    now += seconds * 1000;
    this.#marks = [];
    this.#passed = Promise.withResolvers();
    this.#next.resolve();
    await this.#passed.promise;
    return this.#marks.flatMap((dirty) => (dirty === 'all' ? ['all'] : [...dirty])).toSorted();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#next.resolve();
    await this.#going;
  }
}

async function driven(
  check: (driven: Driven) => Promise<void>,
  place = {},
  names?: readonly string[],
): Promise<void> {
  const one = new Driven(place, names);
  try {
    await check(one);
  } finally {
    await one.close();
  }
}

describe.each(['v1', 'v2', 'v3'] as const)('a server of %s', (version) => {
  beforeEach(() => {
    nacos.versions = [version];
  });

  test('is found by asking, then asked directly', async () => {
    nacos.set('shop', [VM, { ...OTHER, enabled: false }]);
    await driven(async (one) => {
      expect(one.source.unread('shop')).toBe(true);
      expect(await one.pass()).toEqual(['news', 'shop']);
      expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
      expect(one.source.unread('shop')).toBe(false);
      expect(one.source.status()).toMatchObject({ state: 'fresh', vms: 1 });
      nacos.calls.length = 0;
      nacos.set('shop', [VM, OTHER]);
      expect(await one.pass(5)).toEqual(['shop']);
      expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80', '10.9.0.2:80']);
      expect(nacos.calls).toHaveLength(2);
      expect(nacos.calls[0]).toContain(`/${version}/`);
    });
  });

  test('that wants a login gets one, and a new one when its token is over or refused', async () => {
    nacos.account = { username: 'ballast', password: 'secret' };
    nacos.versions = version === 'v2' ? ['v1', 'v2'] : [version];
    nacos.tokenTtl = 100;
    nacos.set('shop', [VM]);
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'secret\n');
    const logins = () => nacos.calls.filter((call) => call.startsWith('POST')).length;
    await driven(
      async (one) => {
        await one.pass();
        expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
        const first = logins();
        await one.pass(60);
        expect(logins()).toBe(first);
        await one.pass(30);
        expect(logins()).toBeGreaterThan(first);
        nacos.forgetTokens();
        await one.pass(5);
        await one.pass(5);
        expect(one.source.status().state).toBe('fresh');
        expect(told.join()).not.toContain('token-');
      },
      { username: 'ballast', passwordFile },
    );
  });
});

test('a later version goes first, and a server that was replaced is asked anew', async () => {
  nacos.set('shop', [VM]);
  await driven(async (one) => {
    await one.pass();
    expect(nacos.calls.every((call) => call.includes('/v3/'))).toBe(true);
    nacos.versions = ['v1'];
    await one.pass(5);
    expect(one.source.status()).toMatchObject({ state: 'fresh', vms: 1 });
    expect(nacos.calls.at(-1)).toContain('/v1/');
  });
});

test('group and namespace are asked for, of an app’s own service too', async () => {
  nacos.set('prod/edge@@shop', [VM]);
  await driven(
    async (one) => {
      await one.pass();
      expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
    },
    { namespace: 'prod', group: 'edge' },
  );
  const names = serviceNames({ url: '', service: 'g@@{app}-svc' }, [
    { name: 'news', nacos: 'h@@x' },
  ]);
  expect([names('shop'), names('news')]).toEqual(['g@@shop-svc', 'h@@x']);
  expect(serviceNames({ url: '' }, [])('shop')).toBeUndefined();
});

test.each([
  [
    'errors',
    () => (nacos.fault = { status: 500, body: 'caused by: x' }),
    'answers 500 caused by: x',
  ],
  ['a proxy’s page', () => (nacos.fault = { status: 200, body: '<html>' }), '<html>'],
  ['no API', () => (nacos.versions = []), 'no API'],
  ['nothing', () => nacos.stop(), 'ECONNREFUSED'],
  ['a login that is refused', () => (nacos.account = { username: 'a', password: 'b' }), '403'],
  ['nothing registered any more', () => nacos.forget(), 'lists no instance'],
] as const)(
  '%s later: the last VMs stay, stale, with the reason, and end',
  async (_, spoil, words) => {
    nacos.set('shop', [VM]);
    await driven(async (one) => {
      await one.pass();
      await spoil();
      await one.pass(5);
      await one.pass(5);
      const marks = await one.pass(60);
      expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
      expect(one.source.status()).toMatchObject({ state: 'stale', vms: 1 });
      expect(one.source.status().reason).toContain(words);
      expect(one.source.reason('shop')).toMatchObject({ code: 'vms-stale' });
      expect(one.source.reason('shop')?.text).toContain(words);
      expect(marks).toEqual([]);
      expect(told.at(-1)).toContain(words);
      Object.assign(nacos, { fault: undefined, versions: ['v2'], account: undefined });
      nacos.set('shop', [VM]);
      await nacos.start().catch(() => undefined);
      await one.pass(5);
      await one.pass(5);
      expect(one.source.status()).toMatchObject({ state: 'fresh', vms: 1 });
      expect(one.source.reason('shop')).toBeUndefined();
      expect(told.at(-1)).toBeUndefined();
    });
  },
);

test('a registry that is down from the start leaves all unread, and is asked once a second', async () => {
  await nacos.stop();
  await driven(async (one) => {
    await one.pass();
    expect(one.source.unread('shop')).toBe(true);
    expect(one.source.reason('shop')?.code).toBe('vms-unread');
    expect(one.source.status().state).toBe('unread');
    expect(one.sleeps).toEqual([1000, 1000, 5000]);
  });
});

test('a service that always fails keeps none of the others waiting', async () => {
  nacos.set('shop', [VM]);
  nacos.broken.set('news', { status: 500, body: 'news' });
  await driven(async (one) => {
    await one.pass();
    await one.pass(5);
    expect(one.source.unread('news')).toBe(true);
    expect(one.source.reason('news')?.text).toContain('answers 500 news');
    expect(one.source.status()).toMatchObject({ state: 'fresh', vms: 1 });
    expect(one.source.reason('shop')).toBeUndefined();
  });
});

test('services that always fail end a pass, and come last in the next', async () => {
  const bad = ['a', 'b', 'c'];
  for (const name of bad) nacos.broken.set(name, { status: 500, body: name });
  nacos.set('shop', [VM]);
  await driven(
    async (one) => {
      await one.pass();
      expect(one.source.unread('shop')).toBe(true);
      expect(nacos.calls).toHaveLength(3);
      await one.pass(5);
      expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
      expect(one.source.status()).toMatchObject({ state: 'fresh' });
    },
    {},
    [...bad, 'shop'],
  );
});

test('a 404 with a code of Nacos is its word on a service, not a missing API', async () => {
  nacos.set('shop', [VM]);
  const body = JSON.stringify({ code: 20004, message: 'resource not found', data: null });
  nacos.broken.set('news', { status: 404, body });
  await driven(async (one) => {
    await one.pass();
    expect(one.source.reason('news')?.text).toContain('answers 404');
    expect(one.source.reason('news')?.text).toContain('resource not found');
    expect(nacos.calls).toHaveLength(2);
  });
});

test('a service that is unknown all at once is believed at the second look', async () => {
  nacos.set('shop', [VM]);
  nacos.set('news', [OTHER]);
  await driven(async (one) => {
    await one.pass();
    nacos.set('shop', []);
    expect(await one.pass(5)).toEqual(['shop']);
    await one.pass(5);
    expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
    expect(one.source.reason('shop')?.text).toContain('second look');
    expect(await one.pass(5)).toEqual(['shop']);
    expect(one.source.vms().get('shop')).toBeUndefined();
    expect(one.source.reason('shop')).toBeUndefined();
  });
});

test('looks on both sides of an outage prove nothing together', async () => {
  nacos.set('shop', [VM]);
  nacos.set('news', [OTHER]);
  await driven(async (one) => {
    await one.pass();
    nacos.set('shop', []);
    await one.pass(5);
    await nacos.stop();
    await one.pass(5);
    await nacos.start();
    await one.pass(5);
    expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80']);
  });
});

test('the protection threshold keeps the last ones', async () => {
  nacos.versions = ['v2'];
  nacos.protectThreshold = 0.5;
  nacos.set('shop', [VM, { ...OTHER, healthy: false }, { ip: '10.9.0.3', port: 80 }]);
  await driven(async (one) => {
    await one.pass();
    nacos.set('shop', [VM, { ...OTHER, healthy: false }]);
    await one.pass(5);
    expect(one.source.vms().get('shop')).toEqual(['10.9.0.1:80', '10.9.0.3:80']);
    expect(one.source.reason('shop')?.text).toContain('protection threshold');
  });
});

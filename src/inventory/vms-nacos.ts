// VMs from a Nacos registry, asked again and again: it offers no subscription over HTTP.
//
// Comes in: an app's service name, the registry's answers. Goes out: the addresses of each app. On
// failure: an app whose service was never read keeps what is published of its VMs; later the last
// VMs stay, with the reason (nacos-service.ts says when a look is believed). A registry in trouble is
// asked at most once a second, and three failures in a row end a pass; the services that were asked
// longest ago come first, so that one that always fails keeps none of the others waiting.

import type { Clock } from '../clock.ts';
import type { Address, AppName, Dirty, Reason } from '../model.ts';
import type { NacosApi } from './nacos-api.ts';
import { type InstanceFilter, type Look, lookAt } from './nacos-answer.ts';
import { type Belief, believe, NO_BELIEF } from './nacos-service.ts';
import { countVms, type TellTrouble, type VmList, type VmSource } from './vm-source.ts';

export interface NacosParts {
  readonly api: NacosApi;
  /** Apps to ask for; may grow. */
  readonly apps: () => Iterable<AppName>;
  /** The app's service in the registry; undefined: it has none. */
  readonly serviceOf: (app: AppName) => string | undefined;
  readonly filter: InstanceFilter;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly tell?: TellTrouble;
}

interface Asked {
  belief: Belief;
  look?: Look;
  /** Why the last call failed. */
  failed?: string;
  at: number;
}

const AFTER_FAILURE_MS = 1000;
const FAILURES = 3;
const NOT_ASKED: Asked = { belief: NO_BELIEF, at: Number.NEGATIVE_INFINITY };
const NOT_YET = 'it is not read yet';
/** Of the interval, to both sides: controllers that start together do not ask together. */
const JITTER = 0.2;

export function openNacos(parts: NacosParts): VmSource {
  const { api, clock, serviceOf } = parts;
  const asked = new Map<AppName, Asked>();
  let list: VmList = new Map();
  let trouble: string | undefined;
  let entered = clock.now();
  let heard: number | undefined;

  const known = (app: AppName): Asked => {
    const entry = asked.get(app) ?? { ...NOT_ASKED };
    asked.set(app, entry);
    return entry;
  };

  /** Answers whether the pass may go on. */
  const ask = async (app: AppName, service: string, signal: AbortSignal): Promise<boolean> => {
    const entry = known(app);
    entry.at = clock.now();
    try {
      entry.look = lookAt(await api.list(service, signal), parts.filter);
      delete entry.failed;
      return true;
    } catch (error) {
      entry.failed = (error as Error).message;
      // What lies on both sides of an outage proves nothing together.
      const { pending: _, ...belief } = entry.belief;
      entry.belief = belief;
      return false;
    }
  };

  const setTrouble = (now: string | undefined): boolean => {
    if (trouble === now) return false;
    trouble = now;
    parts.tell?.('nacos', now);
    return true;
  };

  /** Answers the apps that were answered for. */
  const askAll = async (signal: AbortSignal): Promise<readonly AppName[]> => {
    const services = new Map<AppName, string>();
    for (const app of parts.apps()) {
      const service = serviceOf(app);
      if (service !== undefined) services.set(app, service);
    }
    const order = [...services].toSorted(([a], [b]) => known(a).at - known(b).at);
    const answered: AppName[] = [];
    let failures = 0;
    for (const [app, service] of order) {
      if (signal.aborted || failures === FAILURES) break;
      if (await ask(app, service, signal)) {
        answered.push(app);
        failures = 0;
        continue;
      }
      failures += 1;
      await clock.sleep(AFTER_FAILURE_MS, signal);
    }
    return answered;
  };

  /** After the whole pass: only then is it known whether the registry lists anything at all. */
  const settle = (answered: readonly AppName[]): Set<AppName> => {
    const now = clock.now();
    const bare = ![...asked.values()].some(({ look }) => look !== undefined && look.listed > 0);
    const changed = new Set<AppName>();
    for (const app of answered) {
      const entry = known(app);
      const { belief, look } = entry;
      if (!look) continue;
      entry.belief = believe(belief, look, { bare, now });
      if (differs(belief, entry.belief)) changed.add(app);
    }
    if (changed.size > 0) list = listOf(asked);
    return changed;
  };

  const pass = async (signal: AbortSignal): Promise<Dirty> => {
    const wasRead = heard !== undefined;
    const failedBefore = failedApps(asked);
    const answered = await askAll(signal);
    if (signal.aborted) return new Set();
    const changed = settle(answered);
    const failed = failedApps(asked);
    const gone = answered.length === 0 ? [...failed.values()].at(-1) : undefined;
    if (answered.length > 0) heard = clock.now();
    const entering = setTrouble(gone ?? bareWords(asked)) || wasRead !== (heard !== undefined);
    if (entering) entered = clock.now();
    if (entering) return new Set([...asked.keys(), ...changed]);
    for (const app of asked.keys()) {
      if (failed.get(app) !== failedBefore.get(app)) changed.add(app);
    }
    return changed;
  };

  return {
    name: 'nacos',
    registry: true,
    status() {
      const state = stateOf(asked, trouble);
      const since = state === 'stale' ? (heard ?? entered) : entered;
      return {
        name: 'nacos',
        state,
        ageSeconds: Math.max(0, clock.now() - since) / 1000,
        ...(trouble !== undefined && { reason: trouble }),
        vms: countVms(list),
      };
    },
    vms: () => list,
    unread: (app) => serviceOf(app) !== undefined && asked.get(app)?.belief.read !== true,
    reason(app) {
      const service = serviceOf(app);
      if (service === undefined) return undefined;
      return reasonOf(service, asked.get(app), trouble);
    },
    async follow(mark, signal) {
      while (!signal.aborted) {
        const changed = await pass(signal);
        if (changed === 'all' || changed.size > 0) mark(changed);
        const spread = 1 + JITTER * (2 * parts.random() - 1);
        await clock.sleep(parts.intervalMs * spread, signal);
      }
      await api.close();
    },
  };
}

function stateOf(
  asked: ReadonlyMap<AppName, Asked>,
  trouble: string | undefined,
): 'unread' | 'fresh' | 'stale' {
  const read = [...asked.values()].some(({ belief }) => belief.read);
  if (!read) return 'unread';
  return trouble === undefined ? 'fresh' : 'stale';
}

/** A registry that lists nothing is in trouble, or was never filled: which of them nobody can tell. */
function bareWords(asked: ReadonlyMap<AppName, Asked>): string | undefined {
  const entries = [...asked.values()];
  const looks = entries.flatMap(({ look }) => look ?? []);
  // Emptied by a person's word, service by service.
  if (entries.every(({ belief }) => belief.read && belief.vms.length === 0)) return undefined;
  if (looks.length === 0 || looks.some(({ listed }) => listed > 0)) return undefined;
  return `the registry lists no instance of any of ${looks.length} services`;
}

function listOf(asked: ReadonlyMap<AppName, Asked>): VmList {
  const list = new Map<AppName, readonly Address[]>();
  for (const [app, { belief }] of asked) if (belief.vms.length > 0) list.set(app, belief.vms);
  return list;
}

function failedApps(asked: ReadonlyMap<AppName, Asked>): Map<AppName, string> {
  return new Map(
    [...asked].flatMap(([app, { failed }]) => (failed === undefined ? [] : [[app, failed]])),
  );
}

function differs(a: Belief, b: Belief): boolean {
  const shown = ({ read, vms, invalid, doubt }: Belief): string =>
    JSON.stringify([read, vms, invalid, doubt]);
  return shown(a) !== shown(b);
}

function reasonOf(
  service: string,
  asked: Asked | undefined,
  trouble: string | undefined,
): Reason | undefined {
  const { belief, failed } = asked ?? NOT_ASKED;
  const why = trouble ?? failed ?? belief.doubt;
  if (!belief.read) {
    const text = `VMs stay as published until ${service} is read from Nacos: ${why ?? NOT_YET}`;
    return { code: 'vms-unread', text };
  }
  if (belief.vms.length === 0 && belief.doubt === undefined) return invalidOf(belief);
  if (why !== undefined) {
    return {
      code: 'vms-stale',
      text: `VMs are the last ones that Nacos had of ${service}: ${why}`,
    };
  }
  return invalidOf(belief);
}

function invalidOf({ invalid }: Belief): Reason | undefined {
  if (invalid.length === 0) return undefined;
  const text = `${invalid.join(', ')} left out: an edge needs an IP address and a port`;
  return { code: 'address-invalid', text };
}

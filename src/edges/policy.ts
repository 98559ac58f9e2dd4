// The policy in a document's body. Pure.
//
// Comes in: a policy to write, or any value to check. Goes out: its keys in the order of their bytes,
// or the fault with its place. The contract with Lua stands in test/contract/.

import { DNS_NAME } from '../host-name.ts';
import type { HealthProbe, Policy } from '../model.ts';
import { type Fault, isObject, strange } from './fault.ts';

type Found = Fault | undefined;

/** Bounds that configuration, controller and edge share. */
export const LIMITS = {
  panic: [1, 100],
  seconds: [1, 3600],
  timeoutSeconds: [1, 60],
  times: [1, 100],
} as const;

/** A path that needs no escape, in JSON and in a request line. */
export const PATH = '^/[!#-\\[\\]-~]{0,254}$';
export const VARIABLE = '^[a-z0-9_]{1,64}$';
export const PROBE_HOST = DNS_NAME;

const KEYS = ['balance', 'health', 'key', 'panic', 'slowStart', 'whenUnhealthy'];
const HEALTH_KEYS = ['fall', 'host', 'https', 'intervalSeconds', 'path', 'rise', 'timeoutSeconds'];
const BALANCES = ['smooth', 'hash', 'least'];
const WHEN_UNHEALTHY = ['spread', 'reject'];

const isPath = RegExp(PATH);
const isVariable = RegExp(VARIABLE);
const isHost = RegExp(PROBE_HOST);

export function sortPolicy(policy: Policy): Policy {
  const { balance, health, key, panic, slowStart, whenUnhealthy } = policy;
  return {
    balance,
    ...(health && { health: sortProbe(health) }),
    ...(key !== undefined && { key }),
    ...(panic !== undefined && { panic }),
    ...(slowStart && { slowStart: { seconds: slowStart.seconds } }),
    whenUnhealthy,
  };
}

function sortProbe(probe: HealthProbe): HealthProbe {
  const { fall, host, https, intervalSeconds, path, rise, timeoutSeconds } = probe;
  return {
    fall,
    ...(host !== undefined && { host }),
    ...(https !== undefined && { https }),
    intervalSeconds,
    path,
    rise,
    timeoutSeconds,
  };
}

export function checkPolicy(policy: unknown): Found {
  if (!isObject(policy)) return { place: 'policy', text: 'missing, or not an object' };
  return (
    strange(policy, KEYS, 'policy.') ??
    oneOf(policy['balance'], BALANCES, 'policy.balance') ??
    oneOf(policy['whenUnhealthy'], WHEN_UNHEALTHY, 'policy.whenUnhealthy') ??
    checkKey(policy) ??
    count(policy['panic'] ?? 1, LIMITS.panic, 'policy.panic') ??
    checkSlowStart(policy['slowStart']) ??
    checkHealth(policy['health'])
  );
}

function checkKey({ balance, key }: Record<string, unknown>): Found {
  const place = 'policy.key';
  if (balance !== 'hash') {
    return key === undefined ? undefined : { place, text: 'only where balance is hash' };
  }
  if (typeof key === 'string' && isVariable.test(key)) return undefined;
  return { place, text: 'not the name of an nginx variable' };
}

function checkSlowStart(slowStart: unknown): Found {
  if (slowStart === undefined) return undefined;
  const place = 'policy.slowStart';
  if (!isObject(slowStart)) return { place, text: 'not an object' };
  return (
    strange(slowStart, ['seconds'], `${place}.`) ??
    count(slowStart['seconds'], LIMITS.seconds, `${place}.seconds`)
  );
}

function checkHealth(health: unknown): Found {
  if (health === undefined) return undefined;
  const place = 'policy.health';
  if (!isObject(health)) return { place, text: 'not an object' };
  return (
    strange(health, HEALTH_KEYS, `${place}.`) ??
    checkQuestion(health, place) ??
    count(health['intervalSeconds'], LIMITS.seconds, `${place}.intervalSeconds`) ??
    count(health['timeoutSeconds'], LIMITS.timeoutSeconds, `${place}.timeoutSeconds`) ??
    count(health['rise'], LIMITS.times, `${place}.rise`) ??
    count(health['fall'], LIMITS.times, `${place}.fall`)
  );
}

function checkQuestion({ path, host, https }: Record<string, unknown>, place: string): Found {
  return (
    matches(path, isPath, `${place}.path`) ??
    (host === undefined ? undefined : matches(host, isHost, `${place}.host`)) ??
    (https === undefined ? undefined : oneOf(https, [true, false], `${place}.https`))
  );
}

function oneOf(value: unknown, allowed: readonly unknown[], place: string): Found {
  return allowed.includes(value) ? undefined : { place, text: `not one of ${allowed.join(', ')}` };
}

function matches(value: unknown, pattern: RegExp, place: string): Found {
  if (typeof value === 'string' && pattern.test(value)) return undefined;
  return { place, text: `does not match ${pattern.source}` };
}

function count(value: unknown, [least, most]: readonly [number, number], place: string): Found {
  const fits = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  return fits ? undefined : { place, text: `not a whole number from ${least} to ${most}` };
}

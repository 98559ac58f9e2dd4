// An app's policy: its own words over those for all apps over the defaults. Pure.

import type { HealthProbe, Policy } from '../model.ts';
import type { PolicySettings } from './settings.ts';

const PROBE = { path: '/', intervalSeconds: 5, timeoutSeconds: 1, rise: 2, fall: 3 } as const;

/** A `health` or `slowStart` of the app's own replaces the one for all as a whole. */
export function settlePolicy(forAll: PolicySettings = {}, own: PolicySettings = {}): Policy {
  const { balance = 'smooth', key, whenUnhealthy = 'spread', ...rest } = { ...forAll, ...own };
  const { panic, health, slowStart } = rest;
  return {
    balance,
    ...(balance === 'hash' && key !== undefined && { key }),
    whenUnhealthy,
    ...(panic !== undefined && { panic }),
    ...(health && { health: settleProbe(health) }),
    ...(slowStart && { slowStart }),
  };
}

function settleProbe(told: NonNullable<PolicySettings['health']>): HealthProbe {
  return { ...PROBE, ...told };
}

/** What a policy lacks or has too much, by key; undefined where it is whole. */
export function policyFault(
  forAll: PolicySettings = {},
  own: PolicySettings = {},
): { readonly key: string; readonly text: string } | undefined {
  const { balance, key } = { ...forAll, ...own };
  if (balance === 'hash' && key === undefined) {
    return { key: 'key', text: 'is missing: hash needs the name of an nginx variable' };
  }
  if (own.key !== undefined && balance !== 'hash') {
    return { key: 'key', text: 'has an effect only where balance is hash' };
  }
  return undefined;
}

// ResourceQuotas: how many pods of a kind a namespace still lets in.
//
// Comes in: quotas as served. Goes out: what is left by each, on which reservations draw. A quota whose
// status is not there yet lets nothing in, as at the API server.

import type {
  V1ResourceQuota,
  V1ResourceQuotaSpec,
  V1ScopedResourceSelectorRequirement,
} from '@kubernetes/client-node';
import type { Need } from './need.ts';
import { amountOf, shownAmount } from '../../quantity.ts';

export interface QuotaRoom {
  readonly name: string;
  readonly namespace: string;
  readonly scopes: readonly V1ScopedResourceSelectorRequirement[];
  /** By the quota's own keys. A key without a counted use is 0. */
  readonly left: Record<string, number>;
}

const COUNTED = new Set(['pods', 'count/pods']);

export function quotaRoom({ metadata, spec = {}, status }: V1ResourceQuota): QuotaRoom {
  const used = status?.used ?? {};
  const left = Object.entries(spec.hard ?? {}).map(([key, hard]) => [
    key,
    leftOf(key, hard, used[key]),
  ]);
  const { name = '', namespace = '' } = metadata ?? {};
  return { name, namespace, scopes: scopesOf(spec), left: Object.fromEntries(left) };
}

function scopesOf({ scopes = [], scopeSelector }: V1ResourceQuotaSpec): QuotaRoom['scopes'] {
  const plain = scopes.map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(scopeSelector?.matchExpressions ?? [])];
}

function leftOf(key: string, hard: string, use: string | undefined): number {
  const used = amountOf(key, use ?? '?');
  return used === undefined ? 0 : Math.max(0, (amountOf(key, hard) ?? 0) - used);
}

export interface QuotaFit {
  readonly pods: number;
  readonly why: string;
}

/** The tightest key of all quotas that count such pods; undefined: none does. */
export function fitQuotas(quotas: readonly QuotaRoom[], need: Need): QuotaFit | undefined {
  let tightest: QuotaFit | undefined;
  for (const quota of quotas.filter((one) => counts(one, need)))
    for (const [key, left] of Object.entries(quota.left)) {
      const fit = fitKey(need, key, left);
      if (fit === undefined || (tightest && fit.pods >= tightest.pods)) continue;
      tightest = { pods: fit.pods, why: `quota ${quota.name}: ${fit.why}` };
    }
  return tightest;
}

function fitKey(need: Need, key: string, left: number): QuotaFit | undefined {
  const whole = wholeKey(key);
  if (need.missing.includes(whole)) return { pods: 0, why: `a container has no ${whole}` };
  const each = demand(need, key);
  if (each === 0) return undefined;
  const pods = Math.floor(left / each);
  return { pods, why: `${key} ${shownAmount(key, left)} left, ${shownAmount(key, each)} a pod` };
}

/** A plain resource means its requests. */
function wholeKey(key: string): string {
  return key === 'cpu' || key === 'memory' ? `requests.${key}` : key;
}

function demand({ requests, limits }: Need, key: string): number {
  if (COUNTED.has(key)) return 1;
  if (key.startsWith('limits.')) return limits[key.slice(7)] ?? 0;
  return requests[key.replace(/^requests\./, '')] ?? 0;
}

export function drawQuotas(quotas: readonly QuotaRoom[], need: Need, pods: number): void {
  for (const { left } of quotas.filter((one) => counts(one, need)))
    for (const key of Object.keys(left))
      left[key] = Math.max(0, (left[key] ?? 0) - pods * demand(need, key));
}

/** All of its scopes must match. */
function counts({ namespace, scopes }: QuotaRoom, need: Need): boolean {
  return namespace === need.namespace && scopes.every((scope) => inScope(scope, need));
}

/** A scope that is not known counts: it may bind. Classes of volumes are no pod's. */
function inScope(
  { scopeName, operator, values = [] }: QuotaRoom['scopes'][number],
  need: Need,
): boolean {
  switch (scopeName) {
    case 'Terminating':
      return need.terminating;
    case 'NotTerminating':
      return !need.terminating;
    case 'BestEffort':
      return need.bestEffort;
    case 'NotBestEffort':
      return !need.bestEffort;
    case 'CrossNamespacePodAffinity':
      return need.crossNamespace;
    case 'VolumeAttributesClass':
      return false;
    case 'PriorityClass':
      return ofClass(need.priorityClass, operator, values);
    default:
      return true;
  }
}

function ofClass(name: string, operator: string, values: readonly string[]): boolean {
  if (operator === 'Exists') return name !== '';
  if (operator === 'DoesNotExist') return name === '';
  return (operator === 'In') === values.includes(name);
}

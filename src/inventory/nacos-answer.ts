// What a Nacos registry says of one service, in the three forms of its HTTP API. Pure.
//
// Comes in: the JSON of an answer, which instances are asked for. Goes out: the addresses that may
// serve, and why the others do not. On failure: an answer of another form throws an Error in one line;
// an instance that no edge could take is left out by name.

import { isAddress, joinAddress } from '../address.ts';
import type { Address } from '../model.ts';

export type NacosVersion = 'v3' | 'v2' | 'v1';

export interface Instance {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly healthy: boolean;
  readonly enabled: boolean;
  readonly clusterName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly instances: readonly Instance[];
  /** So few are healthy that Nacos reports all as healthy; undefined where the answer does not say. */
  readonly threshold: boolean | undefined;
}

/** Which instances are meant; both absent: all. */
export interface InstanceFilter {
  readonly clusterNames?: readonly string[];
  readonly metadata?: (metadata: Readonly<Record<string, string>>) => boolean;
}

/** One look at one service. */
export interface Look {
  /** Enabled, with a weight above 0, healthy. */
  readonly healthy: readonly Address[];
  readonly unhealthy: readonly Address[];
  /** Taken out by a person's word: disabled, or a weight of 0. */
  readonly out: number;
  /** Instances in the answer, the filtered ones too. */
  readonly listed: number;
  readonly threshold: boolean | undefined;
  /** Addresses that no edge could take. */
  readonly invalid: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export function readAnswer(version: NacosVersion, value: unknown): Answer {
  const { code, message, data } = asObject(value);
  if (version === 'v1') return fromHosts(asObject(value));
  if (code !== 0) throw new Error(`answers code ${String(code)}: ${String(message)}`);
  if (version === 'v2') return fromHosts(asObject(data));
  return { instances: asInstances(data), threshold: undefined };
}

function fromHosts({ hosts, reachProtectionThreshold }: Json): Answer {
  const told = typeof reachProtectionThreshold === 'boolean';
  return {
    instances: asInstances(hosts),
    threshold: told ? reachProtectionThreshold : undefined,
  };
}

export function lookAt({ instances, threshold }: Answer, filter: InstanceFilter): Look {
  const meant = instances.filter((instance) => isMeant(instance, filter));
  const may = meant.filter(({ enabled, weight }) => enabled && weight > 0);
  const named = may.map((instance) => ({ instance, address: addressOf(instance) }));
  const good = named.filter(({ address }) => isAddress(address));
  const of = (healthy: boolean): Address[] => [
    ...new Set(
      good.filter(({ instance }) => instance.healthy === healthy).map(({ address }) => address),
    ),
  ];
  return {
    healthy: of(true).toSorted(),
    unhealthy: of(false).toSorted(),
    out: meant.length - may.length,
    listed: instances.length,
    threshold,
    invalid: named.filter(({ address }) => !isAddress(address)).map(({ address }) => address),
  };
}

function isMeant({ clusterName, metadata }: Instance, filter: InstanceFilter): boolean {
  if (filter.clusterNames && !filter.clusterNames.includes(clusterName)) return false;
  return filter.metadata?.(metadata) ?? true;
}

function addressOf({ ip, port }: Instance): string {
  return joinAddress(ip, port);
}

function asInstances(value: unknown): Instance[] {
  if (!Array.isArray(value)) throw new Error('answers without a list of instances');
  return value.map(asInstance);
}

/** What is absent is as Nacos's own default. */
function asInstance(value: unknown): Instance {
  const { ip, port, weight = 1, healthy = true, enabled = true, ...rest } = asObject(value);
  const { clusterName = 'DEFAULT', metadata } = rest;
  if (typeof ip !== 'string' || typeof port !== 'number') {
    throw new Error('answers with an instance without ip or port');
  }
  return {
    ip,
    port,
    weight: Number(weight),
    healthy: healthy !== false,
    enabled: enabled !== false,
    clusterName: String(clusterName),
    metadata: asLabels(metadata),
  };
}

function asLabels(value: unknown): Record<string, string> {
  const labels = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(labels.map(([key, label]) => [key, String(label)]));
}

function asObject(value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new Error('answers with something else than the API of Nacos');
}

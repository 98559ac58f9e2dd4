// What one pod of a workload needs of a cluster: amounts, and the rules of which nodes take it.
//
// Comes in: a pod's spec as written or as served, and what the destination adds to it (LimitRanges,
// overheads of runtime classes). Goes out: plain data, which a reservation keeps.

import type {
  V1Container,
  V1LimitRange,
  V1PodAffinityTerm,
  V1PodSpec,
} from '@kubernetes/client-node';
import { meetsSelector, type NodeRules, type NodeTerm } from './label-rules.ts';
import { amountsOf, most, plus, type Amounts } from '../../quantity.ts';

export interface Need extends NodeRules {
  readonly namespace: string;
  readonly requests: Amounts;
  readonly limits: Amounts;
  /** As `limits.cpu`: at least one container has none, which a quota over it does not let in. */
  readonly missing: readonly string[];
  /** `PROTOCOL/PORT` on the node. */
  readonly hostPorts: readonly string[];
  /** Why a node takes one of them only. */
  readonly oncePerNode?: string;
  readonly priorityClass: string;
  /** Has an active deadline; a quota's scopes tell such pods apart. */
  readonly terminating: boolean;
  readonly bestEffort: boolean;
  readonly crossNamespace: boolean;
  /** Rules that are not looked at, and can only make it fewer. */
  readonly unchecked: readonly string[];
}

export interface Additions {
  /** Of the namespace at the destination. */
  readonly limitRanges: readonly V1LimitRange[];
  /** By runtime class. */
  readonly overheads: Readonly<Record<string, Amounts>>;
}

export const NOTHING_ADDED: Additions = { limitRanges: [], overheads: {} };
const HOSTNAME = 'kubernetes.io/hostname';

interface Described {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: V1PodSpec;
}

export function needOf({ namespace, labels, spec }: Described, additions = NOTHING_ADDED): Need {
  const defaults = defaultsOf(additions.limitRanges);
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const each = containers.map((one) => amountsIn(one, defaults));
  const nodeTerms = termsOf(spec);
  const oncePerNode = onceOf(spec, labels, namespace);
  return {
    namespace,
    requests: podAmounts(spec, (one) => amountsIn(one, defaults).requests, 'requests', additions),
    limits: podAmounts(spec, (one) => amountsIn(one, defaults).limits, 'limits', additions),
    missing: missingIn(spec, each),
    nodeSelector: spec.nodeSelector ?? {},
    ...(nodeTerms && { nodeTerms }),
    tolerations: spec.tolerations ?? [],
    hostPorts: hostPortsOf(spec),
    ...(oncePerNode !== undefined && { oncePerNode }),
    priorityClass: spec.priorityClassName ?? '',
    terminating: spec.activeDeadlineSeconds !== undefined,
    bestEffort: each.every(({ requests, limits }) => none(requests) && none(limits)),
    crossNamespace: antiTerms(spec).concat(withTerms(spec)).some(crosses),
    unchecked: uncheckedIn(spec),
  };
}

/** Of a pod as served: nothing is added to it any more. */
export function requestsOf(spec: V1PodSpec): Amounts {
  const none = { requests: {}, limits: {} };
  return podAmounts(spec, (one) => amountsIn(one, none).requests, 'requests', NOTHING_ADDED);
}

interface Defaults {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

/** The first LimitRange that names a resource decides, as it does there. */
function defaultsOf(ranges: readonly V1LimitRange[]): Defaults {
  let requests: Amounts = {};
  let limits: Amounts = {};
  for (const item of ranges.flatMap((range) => range.spec?.limits ?? [])) {
    if (item.type !== 'Container') continue;
    requests = { ...amountsOf(item.defaultRequest), ...requests };
    limits = { ...amountsOf(item._default ?? plainDefault(item)), ...limits };
  }
  return { requests, limits };
}

/** `default` as the API serves it; the client's classes call it otherwise. */
function plainDefault(item: object): Record<string, string> | undefined {
  return (item as { default?: Record<string, string> }).default;
}

/** A container's own requests, else its limits, else what the namespace gives it. */
function amountsIn({ resources }: V1Container, defaults: Defaults): Defaults {
  const limits = amountsOf(resources?.limits);
  return {
    requests: { ...defaults.requests, ...limits, ...amountsOf(resources?.requests) },
    limits: { ...defaults.limits, ...limits },
  };
}

/** The most of what runs together: all containers and sidecars, or one step of the start with the sidecars before it. */
function podAmounts(
  spec: V1PodSpec,
  of: (container: V1Container) => Amounts,
  which: 'requests' | 'limits',
  { overheads }: Additions,
): Amounts {
  let sidecars: Amounts = {};
  let start: Amounts = {};
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars = plus(sidecars, of(container));
    else start = most(start, plus(sidecars, of(container)));
  }
  const running = spec.containers.map(of).reduce(plus, sidecars);
  const whole = { ...most(running, start), ...podLevel(spec, which) };
  const overhead = spec.overhead
    ? amountsOf(spec.overhead)
    : overheads[spec.runtimeClassName ?? ''];
  return plus(whole, overhead ?? {});
}

/** Stands instead of the containers' sum. */
function podLevel({ resources }: V1PodSpec, which: 'requests' | 'limits'): Amounts {
  const limits = amountsOf(resources?.limits);
  return which === 'limits' ? limits : { ...limits, ...amountsOf(resources?.requests) };
}

function missingIn(spec: V1PodSpec, each: readonly Defaults[]): string[] {
  const missing: string[] = [];
  for (const which of ['requests', 'limits'] as const)
    for (const resource of ['cpu', 'memory']) {
      if (Object.hasOwn(podLevel(spec, which), resource)) continue;
      if (each.some((one) => !Object.hasOwn(one[which], resource)))
        missing.push(`${which}.${resource}`);
    }
  return missing;
}

const none = (amounts: Amounts): boolean =>
  ['cpu', 'memory'].every((resource) => (amounts[resource] ?? 0) === 0);

function termsOf({ affinity }: V1PodSpec): NodeTerm[] | undefined {
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return terms?.nodeSelectorTerms.map(({ matchExpressions = [], matchFields = [] }) => ({
    labels: matchExpressions.map(({ key, operator, values = [] }) => ({ key, operator, values })),
    names: matchFields.map(({ key, operator, values = [] }) => ({ key, operator, values })),
  }));
}

export function hostPortsOf(spec: V1PodSpec): string[] {
  const ports = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(
    (one) => one.ports ?? [],
  );
  return ports.flatMap(({ hostPort, containerPort, protocol = 'TCP' }) => {
    const port = hostPort || (spec.hostNetwork ? containerPort : 0);
    return port ? [`${protocol}/${port}`] : [];
  });
}

function onceOf(
  spec: V1PodSpec,
  labels: Described['labels'],
  namespace: string,
): string | undefined {
  const [port] = hostPortsOf(spec);
  if (port !== undefined) return `host port ${port}`;
  const own = antiTerms(spec).some(
    (term) =>
      term.topologyKey === HOSTNAME &&
      (term.namespaces?.includes(namespace) ?? true) &&
      meetsSelector(labels, term.labelSelector),
  );
  return own ? 'anti-affinity to itself' : undefined;
}

function antiTerms({ affinity }: V1PodSpec): V1PodAffinityTerm[] {
  return affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function withTerms({ affinity }: V1PodSpec): V1PodAffinityTerm[] {
  return affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

function crosses({ namespaces, namespaceSelector }: V1PodAffinityTerm): boolean {
  return namespaceSelector !== undefined || (namespaces?.length ?? 0) > 0;
}

function uncheckedIn(spec: V1PodSpec): string[] {
  const spread = (spec.topologySpreadConstraints ?? []).some(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  );
  return [
    ...(spread ? ['topology spread'] : []),
    ...(withTerms(spec).length > 0 ? ['pod affinity'] : []),
    ...(antiTerms(spec).some(({ topologyKey }) => topologyKey !== HOSTNAME)
      ? ['anti-affinity over more than a node']
      : []),
  ];
}

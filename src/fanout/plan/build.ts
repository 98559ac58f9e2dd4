// The object that one cluster is to have.
//
// Comes in: an order, what the cluster gets of it, what lives there. Goes out: the object, which is the
// same whenever it is made of the same, and what a person should know. On failure: the step of the
// overrides that does not fit; this cluster gets nothing.

import type { Portion } from '../division/division.ts';
import { isMap } from '../document.ts';
import { replicasKey, replicasOf } from '../kinds.ts';
import type { Manifest, Order, PatchRule, Warning } from '../model.ts';
import { pointerOf } from '../patch/json-pointer.ts';
import { patchObject } from '../patch/patch.ts';
import { spelledAs } from './likeness.ts';
import { modernise } from './modern.ts';
import { sealed, valuesIn } from './seal.ts';
import {
  FANOUT_LABEL,
  type LiveObject,
  PLACEMENT_ANNOTATION,
  type PlanOptions,
  type WorldCluster,
} from './world.ts';

export type Built =
  | {
      readonly ok: true;
      /** A Secret with marks of what it holds. */
      readonly object: Manifest;
      /** By its mark. */
      readonly values: ReadonlyMap<string, unknown>;
      readonly notes: readonly string[];
      readonly warnings: readonly Warning[];
    }
  | { readonly ok: false; readonly text: string; readonly warnings: readonly Warning[] };

export interface BuildInput {
  readonly order: Order;
  readonly portion: Portion;
  /** Of a Job whose pods are divided: how many have to succeed here. */
  readonly completions?: number;
  /** Marks the placement, so that a later plan knows whether it changed. */
  readonly placement: string | undefined;
  readonly live?: LiveObject;
}

const MANAGED = 'kubefed.io/managed';
const REPLICAS_PATH = '/spec/replicas';

export function buildObject(
  input: BuildInput,
  { cluster }: WorldCluster,
  options: PlanOptions,
): Built {
  const { order, live } = input;
  const rules = rulesFor(input, cluster.name);
  const start = withRetained(withReplicas(input), order, live);
  const { cronJobs, initContainers, registries } = options;
  const patched = patchObject({ ...order, patches: rules }, start, cluster, {
    reach: { cronJobs, initContainers },
    registries,
  });
  if (!patched.ok) return patched;
  const shed = withoutRetained(patched.object, order, { rules, live });
  const managed = order.dialect === 'kubefed' ? withLabel(shed, MANAGED, 'true') : shed;
  const { object, notes } = modernise(managed);
  const scaled = withoutScaled(object, live);
  const said = scaled === object ? notes : [...notes, `replicas are ${live?.scaledBy}’s`];
  const made = marked(placed(scaled, order), input, options);
  const whole = live ? spelledAs(live.object, made) : made;
  return {
    ok: true,
    object: sealed(whole, options.sealing),
    values: valuesIn(whole, options.sealing),
    notes: said,
    warnings: patched.warnings,
  };
}

/** KubeFed writes what a preference divided into the overrides, in the place of what stood there. */
function rulesFor({ order, portion }: BuildInput, cluster: string): readonly PatchRule[] {
  const { division, dialect, patches, place, chosenBy } = order;
  if (dialect !== 'kubefed' || division.kind !== 'planner') return patches;
  const mine = {
    kind: 'json',
    operator: 'replace',
    path: REPLICAS_PATH,
    value: portion.replicas,
  } as const;
  let found = false;
  const rules = patches.map((rule) => {
    const here = rule.clusters.names?.includes(cluster) ?? false;
    const steps = rule.steps.map((step) => {
      if (!here || found || step.kind !== 'json' || step.path !== REPLICAS_PATH) return step;
      found = true;
      return { ...step, value: portion.replicas };
    });
    return { ...rule, steps };
  });
  if (found) return rules;
  const clusters = { names: [cluster], exclude: [], labels: [], fields: [] };
  return [...rules, { from: chosenBy, place, clusters, steps: [mine] }];
}

/** The number is the object's own. */
const AS_IT_IS: ReadonlySet<Order['division']['kind']> = new Set(['as-written', 'duplicated']);

function withReplicas({ order, portion, completions, live }: BuildInput): Manifest {
  const { object, division, dialect, keep } = order;
  const key = replicasKey(object);
  if (key === undefined) return object;
  if (keep.replicas && live) return withSpec(object, { [key]: replicasOf(live.object) });
  if (AS_IT_IS.has(division.kind) || dialect === 'kubefed') return object;
  return withSpec(object, {
    [key]: portion.replicas,
    ...(completions !== undefined && { completions }),
  });
}

function withSpec(object: Manifest, values: Record<string, unknown>): Manifest {
  const { spec } = object;
  return { ...object, spec: { ...(isMap(spec) ? spec : {}), ...values } };
}

/** KubeFed's overrides see the cluster's own annotations and finalizers. */
function withRetained(object: Manifest, { keep }: Order, live: LiveObject | undefined): Manifest {
  if (!keep.annotations || !live) return object;
  const { annotations, finalizers } = live.object.metadata;
  return { ...object, metadata: { ...object.metadata, ...present({ annotations, finalizers }) } };
}

const present = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

interface Retained {
  readonly rules: readonly PatchRule[];
  readonly live: LiveObject | undefined;
}

/** What no override touched stays the cluster's: an apply that does not name it leaves it alone. */
function withoutRetained(object: Manifest, { keep }: Order, { rules, live }: Retained): Manifest {
  if (!keep.annotations || !live) return object;
  const paths = rules.flatMap(({ steps }) =>
    steps.map((step) => ('path' in step ? step.path : '')),
  );
  const touches = (path: string): boolean =>
    paths.some((one) => one === path || one.startsWith(`${path}/`));
  const { annotations = {}, finalizers, ...rest } = object.metadata;
  const whole = paths.includes('/metadata/annotations');
  const kept = Object.entries(annotations).filter(
    ([key]) => whole || touches(pointerOf(['metadata', 'annotations', key])),
  );
  return {
    ...object,
    metadata: {
      ...rest,
      ...(kept.length > 0 && { annotations: Object.fromEntries(kept) }),
      ...(touches('/metadata/finalizers') && { finalizers }),
    },
  };
}

/** An autoscaler that has written the replicas keeps them: a field that is not sent is not owned. */
function withoutScaled(object: Manifest, live: LiveObject | undefined): Manifest {
  const key = replicasKey(object);
  const { spec } = object;
  if (live?.scaledBy === undefined || key === undefined || !isMap(spec)) return object;
  const { [key]: _, ...rest } = spec;
  return { ...object, spec: rest };
}

function withLabel(object: Manifest, key: string, value: string): Manifest {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [key]: value } } };
}

/** Whoever writes it needs no rule of where what names no namespace goes. */
function placed(object: Manifest, { namespace }: Order): Manifest {
  const { metadata } = object;
  if (namespace === '' || metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...metadata, namespace } };
}

/** Nothing is marked that has no name to be found again by. */
function marked(object: Manifest, { placement }: BuildInput, { name }: PlanOptions): Manifest {
  if (name === undefined) return object;
  const { metadata } = withLabel(object, FANOUT_LABEL, name);
  if (placement === undefined) return { ...object, metadata };
  const annotations = { ...metadata.annotations, [PLACEMENT_ANNOTATION]: placement };
  return { ...object, metadata: { ...metadata, annotations } };
}

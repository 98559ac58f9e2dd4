// What a cluster's own rules make of an object.
//
// Comes in: an order, a cluster, and how far image, command and args steps reach. Goes out: the object for
// that cluster, and what a person should know. On failure: the first step that does not fit, with its
// rule; that cluster gets nothing, for half a patch is an object that nobody wrote.

import type {
  Dialect,
  FanoutCluster,
  Manifest,
  Order,
  PatchRule,
  PatchStep,
  Warning,
} from '../model.ts';
import { matchesCluster } from '../placement/filter.ts';
import type { Reach } from './containers.ts';
import { allContainers } from './containers.ts';
import { registryOf } from './image.ts';
import { applyStep } from './json-patch.ts';
import { applyField, applyImage, applyPairs, applyWords, type StepResult } from './steps.ts';

export type Patched =
  | { readonly ok: true; readonly object: Manifest; readonly warnings: readonly Warning[] }
  | { readonly ok: false; readonly text: string; readonly warnings: readonly Warning[] };

export interface PatchOptions {
  readonly reach: Reach;
  /** Registries that are nothing to warn of. */
  readonly registries: readonly string[];
}

export const NEAR: PatchOptions = {
  reach: { cronJobs: false, initContainers: false },
  registries: [],
};

/** `object` is the order's, with the cluster's replicas in it. It is not changed. */
export function patchObject(
  { dialect, patches }: Pick<Order, 'dialect' | 'patches'>,
  object: Manifest,
  cluster: FanoutCluster,
  options: PatchOptions = NEAR,
): Patched {
  const copy = structuredClone(object);
  const rules = patches.filter((rule) => matchesCluster(cluster, rule.clusters));
  const warnings = pathWarnings(dialect, rules);
  for (const rule of rules) {
    for (const step of rule.steps) {
      const { fault, notes = [] } = applyOne(copy, step, dialect, options.reach);
      const told = notes.map(({ code, text }) => ({ code, place: rule.place, text }));
      warnings.push(...told);
      if (fault === undefined) continue;
      return { ok: false, text: `${rule.place}: ${rule.from}: ${fault}`, warnings };
    }
  }
  warnings.push(...registryWarnings(object, copy, rules, options.registries));
  return { ok: true, object: copy, warnings };
}

function applyOne(object: Manifest, step: PatchStep, dialect: Dialect, reach: Reach): StepResult {
  switch (step.kind) {
    case 'json': {
      // A list that a step put in is of the order: applyStep copies it.
      const fault = applyStep(object, step, dialect === 'kubefed' ? 'add' : 'fail');
      return fault === undefined ? {} : { fault };
    }
    case 'image':
      return applyImage(object, step, reach);
    case 'command':
    case 'args':
      return applyWords(object, step, reach);
    case 'labels':
    case 'annotations':
      return applyPairs(object, step);
    case 'field':
      return applyField(object, step);
  }
}

/** Two rules on one path: the later wins without a word. So does one on the replicas that were divided. */
function pathWarnings(dialect: Dialect, rules: readonly PatchRule[]): Warning[] {
  const warnings: Warning[] = [];
  const before = new Map<string, PatchRule>();
  for (const rule of rules) {
    for (const step of rule.steps) {
      if (step.kind !== 'json') continue;
      const { path } = step;
      const first = before.get(path);
      before.set(path, rule);
      if (first && first !== rule) {
        const text = `${path}: ${rule.from} comes after ${first.from}, and wins`;
        warnings.push({ code: 'two-rules-one-path', place: rule.place, text });
      }
      if (path !== '/spec/replicas' || dialect !== 'karmada') continue;
      const text = `${path}: replicas are divided before; ${rule.from} writes over what was divided`;
      warnings.push({ code: 'replicas-patched', place: rule.place, text });
    }
  }
  return warnings;
}

function registryWarnings(
  before: Manifest,
  after: Manifest,
  rules: readonly PatchRule[],
  known: readonly string[],
): Warning[] {
  const usual = new Set([...known, ...registriesOf(before)]);
  const strange = [...registriesOf(after)].filter((registry) => !usual.has(registry));
  const place = rules.at(-1)?.place ?? '';
  return strange.map((registry) => {
    const text = `images come from ${registry || 'the usual registry'}, which the template does not use`;
    return { code: 'strange-registry', place, text };
  });
}

function registriesOf(object: Manifest): Set<string> {
  const images = allContainers(object).map(({ container }) => container['image']);
  return new Set(images.filter((image) => typeof image === 'string').map(registryOf));
}

// One app of a plan, looked at again: what would come now, and what stands against it. Pure.
//
// Comes in: the request, the world as it is now, how many pods were planned. Goes out: the objects with the
// data of Secrets, for whoever applies them. On failure: findings that refuse. Room is another question.

import type { Finding, Manifest } from '../manifests/manifest.ts';
import { nameOf } from '../manifests/manifest.ts';
import type { MovedObject } from '../manifests/move.ts';
import type { Need } from '../capacity/need.ts';
import type { PlanRequest, PlanWorld } from './model.ts';
import { requestFindings } from './findings.ts';
import { candidateOf, movedApp } from './plan.ts';

export interface AppAgain {
  readonly findings: readonly Finding[];
  readonly objects: readonly MovedObject[];
  /** As they stand at the source. */
  readonly sources: readonly Manifest[];
  readonly need?: Need;
}

/** `world.apps`: that app alone. */
export function lookAgain(request: PlanRequest, world: PlanWorld, pods: number): AppAgain {
  const findings: Finding[] = requestFindings(request, world);
  const [app] = world.apps;
  if (!app) return { findings, objects: [], sources: [] };
  const candidate = candidateOf(app, world);
  if (Array.isArray(candidate))
    return { findings: [...findings, ...candidate], objects: [], sources: [] };
  const { move, findings: more } = movedApp(candidate, { request, world }, pods);
  const names = new Set(move.objects.map(({ manifest }) => nameOf(manifest)));
  return {
    findings: [...findings, ...more],
    objects: move.objects,
    sources: candidate.source.objects.filter((one) => names.has(nameOf(one))),
    need: candidate.need.need,
  };
}

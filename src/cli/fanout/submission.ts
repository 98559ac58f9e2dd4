// A fan-out as the controller is asked for it: its plan alone, or the job.

import type { Plan } from '../../fanout/plan/plan.ts';
import type { Caller } from '../caller.ts';
import type { RoomOptions, SourceOptions } from './options.ts';
import { readText } from './source.ts';

export type SubmissionOptions = SourceOptions & RoomOptions;

/** The files with the options; what is not said is left to the controller. */
export async function submissionOf(options: SubmissionOptions): Promise<object> {
  const { name, karmadaDivision, reschedule, adopt, prune, strictTotal } = options;
  const { cronJobs, initContainers, registry, federatedNamespace } = options;
  const { room, headroom, degrade } = options;
  const all = {
    files: await Promise.all(options.file.map(readText)),
    name,
    karmadaDivision,
    reschedule,
    adopt,
    prune,
    strictTotal,
    cronJobs,
    initContainers,
    registries: registry,
    federatedNamespaces: federatedNamespace,
    returning: options.return,
    room,
    headroom,
    degrade,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** As it may be shown. */
export async function askPlan(caller: Caller, submission: object): Promise<Plan> {
  const call = { method: 'POST', query: { dryRun: 'true' }, body: submission } as const;
  return (await caller.ask<Plan>('/fanouts', call)).body;
}

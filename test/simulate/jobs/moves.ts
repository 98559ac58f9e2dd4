// A move as a person asks for it, on its way to a job.
//
// Comes in: an app, and where to. Goes out: the draft of a job, made against what lives. On failure: a
// BallastError that says what stands against it.

import type { Draft } from '../../../src/jobs/record.ts';
import type { Bookings } from '../../../src/migration/capacity/bookings.ts';
import { GATES, type Gates } from '../../../src/migration/flow/gates.ts';
import { LIMITS } from '../../../src/migration/flow/next.ts';
import { draftMove } from '../../../src/migration/run/submit.ts';
import type { Move } from '../actions.ts';
import type { SimulatedMoveWorld } from './move-world.ts';
import { type SimulatedObjects, workloadOf } from './objects.ts';

export interface MoveDrafts {
  /** Undefined: it is there, or nowhere. */
  draftMove(move: Move): Promise<Draft | undefined>;
}

export interface MoveDraftParts {
  readonly objects: readonly SimulatedObjects[];
  readonly world: SimulatedMoveWorld;
  readonly bookings: Pick<Bookings, 'booked'>;
}

/** As careful as the usual ones, in little time. */
const QUICK: Gates = {
  ...GATES,
  readySeconds: 1,
  deadlineSeconds: 60,
  intervalSeconds: 2,
  samples: 3,
  bakeSeconds: 1,
  quietSeconds: 2,
  drainSeconds: 40,
  pollersSeconds: 0,
};

export function moveDrafts({ objects, world, bookings }: MoveDraftParts): MoveDrafts {
  return {
    async draftMove({ app, to, callers }) {
      const home = objects.find((one) => one.objects.look(workloadOf(app)));
      if (!home || home.name === to) return undefined;
      const how = { mode: 'online', stateful: false, degrade: false, adopt: false } as const;
      const request = { ...how, apps: [app], from: home.name, to };
      const plan = await world.plan(request, await bookings.booked(to));
      const gates = { ...QUICK, callers };
      return draftMove({ request, gates, limits: LIMITS, who: 'ann' }, plan);
    },
  };
}

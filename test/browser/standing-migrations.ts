// Migrations beside a controller in memory: plans of a small world, a rehearsal that found much, and jobs that
// go through a move's real states without touching anything.

import type { Migrations } from '../../src/migration/migrations.ts';
import { LIMITS, next, type JobPlan } from '../../src/migration/flow/next.ts';
import { stepOf } from '../../src/migration/flow/steps.ts';
import type { MigrationPlan, PlanRequest } from '../../src/migration/plan/model.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import { gatesOf, limitsOf } from '../../src/migration/run/settings.ts';
import { draftMove } from '../../src/migration/run/submit.ts';
import type { Rehearsal } from '../../src/migration/rehearsal/report.ts';
import type { JobKind } from '../../src/jobs/kind.ts';
import type { Draft } from '../../src/jobs/record.ts';
import { NO_MIGRATIONS } from '../api/no-migrations.ts';
import { app, objectsOf, REQUEST, source, world } from '../migration/plan/plan-world.ts';

const HOUR = 3600;

export const REHEARSAL = (): Rehearsal => ({
  at: Date.now() - 2 * HOUR * 1000,
  clusters: [
    {
      cluster: 'east',
      ok: false,
      apps: [
        {
          app: 'shop',
          namespace: 'prod',
          backup: 'nightly-20260801',
          ageSeconds: 5 * HOUR,
          warnings: ['ConfigMap prod/settings is larger than is kept'],
          passedOver: [{ backup: 'nightly-20260802', why: 'PartiallyFailed: 3 errors' }],
        },
        {
          app: 'cart',
          warnings: [],
          passedOver: [],
          trouble: 'no whole backup of namespace prod: the newest is 9 days old',
        },
      ],
      destinations: [
        {
          cluster: 'west',
          ok: true,
          rung: 1,
          words: 'half of cart: 2 of 4 pods',
          refused: [],
          deferred: [],
        },
        {
          cluster: 'south',
          ok: false,
          words: '3 pods of shop find no node: cpu',
          refused: ['cart: Ingress prod/cart: no IngressClass nginx'],
          deferred: [],
        },
      ],
    },
    { cluster: 'west', ok: true, apps: [], destinations: [] },
  ],
});

export interface AskedPlans {
  readonly asked: PlanRequest[];
  readonly migrations: Migrations;
}

export function memoryMigrations(): AskedPlans {
  const asked: PlanRequest[] = [];
  let last: Rehearsal | undefined;
  return {
    asked,
    migrations: {
      ...NO_MIGRATIONS,
      async plan(request) {
        asked.push(request);
        return planOf(request);
      },
      async draft({ request, digest, who, gates = {}, limits = {} }) {
        const care = { gates: gatesOf(gates), limits: limitsOf(limits) };
        return draftMove({ request, digest, who, ...care }, planOf(request));
      },
      async rehearse() {
        last = REHEARSAL();
        return last;
      },
      rehearsed: () => last,
    },
  };
}

/** Of those that its world knows; each other one is refused. */
function planOf(request: PlanRequest): MigrationPlan {
  const apps = request.apps.map((asked) => {
    const name = asked.slice(asked.lastIndexOf('/') + 1);
    return app(name, { source: sourceOf(name) });
  });
  return planMigration(request, world({ apps, clusters: ['east', 'north', 'south', 'west'] }));
}

function sourceOf(name: string): ReturnType<typeof source> {
  return source(['shop', 'pay'].includes(name) ? objectsOf(name) : []);
}

export interface Slow {
  readonly kind: JobKind<JobPlan>;
  /** The step that waits. */
  waitAt: string | undefined;
}

/** It does each step at once, up to the one that it is told to wait at. */
export function slowMigrations(): Slow {
  const slow: Slow = {
    waitAt: undefined,
    kind: {
      kind: 'migration',
      next,
      prepare: async (_job, step) => ({ text: step, objects: [] }),
      async act(_job, { id }) {
        const { name } = stepOf(id);
        if (name !== slow.waitAt) return { kind: 'done', text: `${name} is so` };
        const text = 'error rate 0.4 % of at most 1 %, 312 of 1000 samples';
        return { kind: 'wait', text, seconds: 0.2 };
      },
    },
  };
  return slow;
}

export function draftOfMove(who = 'ann'): Draft {
  const plan = planOf({ ...REQUEST, apps: ['prod/shop'] });
  return {
    kind: 'migration',
    name: 'move-shop',
    apps: ['shop'],
    clusters: ['east', 'west'],
    plan: { ...plan, limits: LIMITS },
    planDigest: plan.digest,
    who,
  };
}

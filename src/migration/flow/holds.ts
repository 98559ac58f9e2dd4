// The holds of an app's move in each of its states. Pure.
//
// Absolute weights, never a step up from what is there: said twice they are the same. None has an end: an
// expiry must not move weights.

import type { MigrationPlan, PlannedApp } from '../plan/model.ts';
import type { AppState, AppStateName } from './app-state.ts';

export interface MoveHold {
  readonly app: string;
  readonly cluster?: string;
  readonly kind: 'drain' | 'pin' | 'freeze';
  readonly weight?: number;
}

type Ways = Pick<MigrationPlan, 'from' | 'to'>;
type Holds = (plan: Ways, app: PlannedApp, state: AppState) => MoveHold[];

const GONE_OVER: Holds = (_, app) => shifted(app, '100 %');

const BY_STATE: Readonly<Partial<Record<AppStateName, Holds>>> = {
  Applying: arriving,
  WaitReady: arriving,
  Shifting: (_, app, { percent }) => shifted(app, `${percent} %`),
  Baking: GONE_OVER,
  Draining: GONE_OVER,
  DeletingSource: GONE_OVER,
  Finishing: GONE_OVER,
  RollingBack: (plan, app, { percent = 0 }) =>
    percent > 0 ? shifted(app, `${percent} %`) : asBefore(plan, app),
  // Two copies may answer once it returns: it gets no traffic until a person has consented.
  DoneWithDebt: ({ from }, { app }) => [{ app, cluster: from, kind: 'drain' }],
};

/** Undefined: what stands stays, until a person has acted. */
export function holdsOf(plan: Ways, app: PlannedApp, state: AppState): MoveHold[] | undefined {
  if (state.state === 'Blocked') return undefined;
  return BY_STATE[state.state]?.(plan, app, state) ?? [];
}

/** Its pods come while nobody asks them; where the app serves there already, everything stays as it is. */
function arriving({ to }: Ways, { app, weights }: PlannedApp): MoveHold[] {
  const now = weights?.steps[0]?.parts ?? [];
  const serves = now.some(({ from, sum }) => from === to && sum > 0);
  return serves ? [{ app, kind: 'freeze' }] : [{ app, cluster: to, kind: 'drain' }];
}

/** A freeze alone would keep what the shift has reached. */
function asBefore({ to }: Ways, app: PlannedApp): MoveHold[] {
  const pins = shifted(app, 'now');
  const serves = pins.some(({ cluster, weight = 0 }) => cluster === to && weight > 0);
  return serves ? pins : [...pins, { app: app.app, cluster: to, kind: 'drain' }];
}

function shifted({ app, weights }: PlannedApp, step: string): MoveHold[] {
  const parts = weights?.steps.find((one) => one.step === step)?.parts ?? [];
  return [
    { app, kind: 'freeze' },
    ...parts.map(({ from, sum }) => ({ app, cluster: from, kind: 'pin', weight: sum }) as const),
  ];
}

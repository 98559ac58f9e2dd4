// Debts as the API shows them.

import { Type, type Static } from 'typebox';
import { timeText } from '../clock.ts';
import type { DebtPreview } from '../migration/debts/preview.ts';
import type { ClusterStatus, Debt } from '../model.ts';
import { component, Seconds } from './shapes.ts';

const Text = Type.String();
const may = Type.Optional;
const owed = {
  apiVersion: Text,
  kind: Text,
  namespace: may(Text),
  name: Text,
  uid: Text,
};
const debt = {
  id: Text,
  app: Text,
  cluster: Type.String({ description: 'where it is owed, and the app is drained' }),
  job: Type.String({ description: 'the migration' }),
  who: Text,
  why: Text,
  since: Type.String({ format: 'date-time' }),
  ageSeconds: Seconds,
  clusterState: Type.Enum(['unseen', 'fresh', 'stale', 'gone'], {
    description: 'fresh: it is back, and there may be two copies',
  }),
};

export const DebtSummary = component('Debt', {
  ...debt,
  objects: Type.Integer({ minimum: 1, description: 'how many' }),
});
export const DebtNow = component('DebtNow', {
  ...debt,
  objects: Type.Array(
    Type.Object({
      ...owed,
      state: Type.Enum(['there', 'gone', 'another', 'unread'], {
        description:
          'there: it would be deleted; another: of that name lives another one, which is not owed',
      }),
      why: may(Text),
    }),
  ),
  digest: Type.String({ description: 'to consent by it, so that nothing else is deleted' }),
});

export type DebtAnswer = Static<typeof DebtSummary>;
export type DebtNowAnswer = Static<typeof DebtNow>;

export interface DebtView {
  readonly clusters: readonly ClusterStatus[];
  /** Milliseconds of the time of day. */
  readonly now: number;
}

export function viewDebt(one: Debt, view: DebtView): object {
  return { ...common(one, view), objects: one.objects.length };
}

export function viewDebtNow({ debt: one, objects, digest }: DebtPreview, view: DebtView): object {
  return { ...common(one, view), objects, digest };
}

function common(
  { id, app, cluster, job, who, why, since }: Debt,
  { clusters, now }: DebtView,
): object {
  const status = clusters.find(({ name }) => name === cluster);
  return {
    id,
    app,
    cluster,
    job,
    who,
    why,
    since: timeText(since),
    ageSeconds: Math.max(0, (now - since) / 1000),
    clusterState: status?.state ?? 'gone',
  };
}

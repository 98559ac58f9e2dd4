// What a migration looks at again before each write, and what it finds there.

import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { JobPlan } from '../../src/migration/flow/next.ts';
import { createMemory, createPatience } from '../../src/migration/run/memory.ts';
import { until } from '../controlplane/until.ts';
import type { MemoryObjects } from './memory-objects.ts';
import { ALL } from './move-fleet.ts';
import { asItWas, begin } from './moving.ts';
import { untilState } from './process.ts';

const PLACE = { namespace: 'prod', name: 'shop' };
const CONFIG = { apiVersion: 'v1', kind: 'ConfigMap' };
const SCALER = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' };
type Kind = typeof CONFIG;

/** Deleted by somebody, and made anew, the same but for what is said. */
async function remade(cluster: MemoryObjects, kind: Kind, labels?: Record<string, string>) {
  const live = cluster.look({ ...kind, ...PLACE });
  if (!live) throw new Error('it is not there');
  const { uid, resourceVersion } = live.metadata as unknown as Record<string, string>;
  const { status: _, metadata: __, ...rest } = live as KubernetesObject & { status?: unknown };
  await cluster.remove(
    { ...kind, ...PLACE },
    { uid: uid ?? '', resourceVersion: resourceVersion ?? '' },
  );
  const metadata = { ...PLACE, ...(labels && { labels }) };
  cluster.applyAs('kubectl', { ...rest, metadata } as KubernetesObject);
  cluster.writes.length = 0;
}

test('an ingress node that answers with an error, or as the source does', async () => {
  const ill = await begin((its) => (its.status = 503), {}, { deadlineSeconds: 3 });
  const job = await untilState(ill.journal, ill.id, 'Failed');
  expect(job.steps['shop:ready']?.result?.text).toContain('HTTP 503 at / after 3 s');
  asItWas(ill.fleet);
  const closed = await begin((its) => (its.status = 403));
  await untilState(closed.journal, closed.id, 'Done');
});

test('a Secret that changed since the plan is not applied', async () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: PLACE, data: { password: 'eA==' } };
  const { fleet, journal, id } = await begin((its, at) => {
    at.set('shop:apply.1', () => its.cluster('east').applyAs('kubectl', secret));
  });
  const job = await untilState(journal, id, 'Failed');
  expect(job.steps['shop:apply.2']?.result?.text).toBe(
    'Secret prod/shop changed since the plan was made',
  );
  expect(fleet.cluster('west').all()).toEqual([]);
});

test('an object of the source that is another one by now is not deleted', async () => {
  const { fleet, journal, id } = await begin((its, at) => {
    at.set('shop:bake', () => remade(its.cluster('east'), SCALER));
  });
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('HorizontalPodAutoscaler prod/shop in east is another one now');
  expect(fleet.writes()['east']).toEqual([]);
});

test('on the way back too: our id on another object is not ours', async () => {
  const { fleet, journal, id, say } = await begin((its, at) => {
    at.set('shop:shift.10', () => {
      const [hold] = its.holds.values();
      return remade(its.cluster('west'), CONFIG, { 'ballast.io/migration': hold?.job ?? '' });
    });
  });
  await untilState(journal, id, 'Blocked');
  await say('abort');
  await until('it came so far back', async () => {
    const job = await journal.read(id);
    return job?.state === 'Blocked' && job.why.startsWith('shop:back.1: ConfigMap');
  });
  expect(fleet.cluster('west').look({ ...CONFIG, ...PLACE })).toBeDefined();
});

test('what the destination would not take is said before anything is done', async () => {
  const { fleet, journal, id } = await begin((its) => {
    const west = its.cluster('west');
    const apply = west.apply.bind(west);
    west.apply = async (object, options) =>
      options?.dryRun
        ? { ok: false, code: 'refused', status: 403, text: `${object.kind}: forbidden` }
        : apply(object, options);
  });
  const job = await untilState(journal, id, 'Failed');
  const text = job.steps['shop:preflight']?.result?.text;
  expect(text).toContain('west: Deployment: forbidden');
  expect(text).toContain('west: Secret: forbidden');
  expect(fleet.said).toEqual([]);
});

test('room that was lost while it came is booked anew, or it goes back', async () => {
  const { fleet, journal, id } = await begin((its, at) => {
    at.set('shop:apply.3', async () => {
      const [mine] = [...its.ledgers.bookings.values()];
      const job = await journal.read(id);
      if (!mine || !job) throw new Error('nothing is booked');
      expect((job.plan as JobPlan).to).toBe('west');
      its.ledgers.bookings.clear();
      its.ledgers.bookings.set('other/app', { ...mine, key: 'other/app', pods: 8 });
    });
  });
  const job = await untilState(journal, id, 'Failed');
  expect(
    Object.values(job.steps)
      .map(({ result }) => result?.text ?? '')
      .join(),
  ).toContain('its room is another’s now: 0 of 4 fit');
  expect(fleet.cluster('west').all()).toEqual([]);
});

test('of time that nobody saw nothing passes, and nothing falls due', () => {
  const step = {
    job: { id: 'j' },
    app: { app: 'shop' },
    name: 'ready',
    attempt: 1,
    scene: { term: 1 },
  };
  const doing = step as never as Parameters<ReturnType<typeof createPatience>['spent']>[0];
  const memory = createMemory<{ at: number }>('step');
  const seen = (now: number): number => memory.of(doing, now, () => ({ at: now })).at;
  expect([seen(0), seen(20_000), seen(49_000), seen(100_000)]).toEqual([0, 0, 0, 100_000]);
  const patience = createPatience();
  const spent = [0, 20_000, 90_000, 91_000].map((now) => patience.spent(doing, now));
  expect(spent).toEqual([0, 20_000, 20_000, 21_000]);
});

test('a workload is scaled to 0 by its number alone: labels and notes of others stay theirs', async () => {
  const scaled: object[] = [];
  const { journal, id } = await begin((its, at) => {
    const east = its.cluster('east');
    const note = { annotations: { note: 'theirs' }, labels: { team: 'a' } };
    const noted = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...PLACE, ...note } };
    at.set('shop:bake', () => east.applyAs('argo', noted));
    const apply = east.apply.bind(east);
    east.apply = async (object, options) => {
      const { labels = {}, annotations = {} } = object.metadata;
      if (object.kind === 'Deployment') scaled.push({ spec: object['spec'], labels, annotations });
      return apply(object, options);
    };
  });
  await untilState(journal, id, 'Done');
  expect(scaled).toEqual([{ spec: { replicas: 0 }, labels: {}, annotations: {} }]);
});

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment' };
const scaledTo = (replicas: number) =>
  ({ ...DEPLOYMENT, metadata: PLACE, spec: { replicas } }) as KubernetesObject;

test('pods that an autoscaler adds at the destination are its own doing, and stay', async () => {
  const { fleet, journal, id } = await begin((its, at) => {
    const west = its.cluster('west');
    at.set('shop:shift.25', () => west.applyAs('kube-controller-manager', scaledTo(6)));
  });
  await untilState(journal, id, 'Done');
  expect(fleet.cluster('west').look({ ...DEPLOYMENT, ...PLACE })).toMatchObject({
    spec: { replicas: 6 },
    status: { availableReplicas: 6 },
  });
});

test.each(['shift.25', 'drain'])(
  'an autoscaler at the destination that somebody changed at %s blocks, and is not written over',
  async (step) => {
    const theirs = { spec: { minReplicas: 3, maxReplicas: 20 } };
    const { fleet, journal, id, say } = await begin((its, at) => {
      const edit = { ...SCALER, metadata: PLACE, ...theirs } as KubernetesObject;
      at.set(`shop:${step}`, () => its.cluster('west').applyAs('kubectl', edit));
    });
    const job = await untilState(journal, id, 'Blocked');
    const name = 'HorizontalPodAutoscaler prod/shop in west';
    expect(job.why).toContain(`${name} was changed by somebody else`);
    expect(fleet.cluster('west').look({ ...SCALER, ...PLACE })).toMatchObject(theirs);
    expect(fleet.writes()['east']).toEqual([]);
    await say('abort');
    await untilState(journal, id, 'RolledBack');
    asItWas(fleet);
  },
);

test('where no autoscaler comes along, a number of pods that somebody changed blocks', async () => {
  const { fleet, journal, id } = await begin(
    (its, at) => {
      at.set('shop:shift.25', () => its.cluster('west').applyAs('kubectl', scaledTo(6)));
    },
    {},
    {},
    ALL.filter(({ kind }) => kind !== SCALER.kind),
  );
  const job = await untilState(journal, id, 'Blocked');
  expect(job.why).toContain('Deployment prod/shop in west was changed by somebody else');
  expect(fleet.cluster('west').look({ ...DEPLOYMENT, ...PLACE })).toMatchObject({
    spec: { replicas: 6 },
  });
  expect(fleet.writes()['east']).toEqual([]);
});

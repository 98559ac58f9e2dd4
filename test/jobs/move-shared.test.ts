// What several apps need: it comes along, and nothing of it is taken from those who stay.

import { expect, onTestFinished, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import type { JobPlan } from '../../src/migration/flow/next.ts';
import { leaving } from '../../src/migration/flow/steps.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { until } from '../controlplane/until.ts';
import { deployment, ingress, object, service } from '../migration/plan/plan-world.ts';
import { confirmEdges } from './confirm-edges.ts';
import { memoryStage } from './memory-stage.ts';
import { ALL, MoveFleet } from './move-fleet.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

const rulesOf = ({ spec }: Manifest): readonly object[] =>
  (spec as { readonly rules: readonly object[] }).rules;
/** One Ingress leads to two apps. */
const BOTH: Manifest = {
  ...ingress('both'),
  spec: { rules: [...rulesOf(ingress('shop')), ...rulesOf(ingress('news'))] },
};
const NEWS = [deployment('news', 1), service('news'), ingress('news')];
const SETTINGS = { apiVersion: 'v1', kind: 'ConfigMap' };

/** As somebody else writes it. */
function put(fleet: MoveFleet, cluster: string, object: Manifest): void {
  const { uid: _, ...metadata } = object.metadata;
  const { status: __, ...rest } = object;
  fleet.cluster(cluster).applyAs('kubectl', { ...rest, metadata } as KubernetesObject);
  fleet.cluster(cluster).writes.length = 0;
}

/** `at`: told of each step as soon as its intent is on record. */
async function begin(objects: readonly Manifest[], prepare?: (fleet: MoveFleet) => void) {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle(objects);
  prepare?.(fleet);
  const at = new Map<string, () => unknown>();
  const told: typeof journal = {
    ...journal,
    async put(lease, entry) {
      const answer = await journal.put(lease, entry);
      for (const { id, result } of entry.steps) if (!result) at.get(id)?.();
      return answer;
    },
  };
  const process = startMoves(fleet, told);
  onTestFinished(await serve(process, await confirmEdges(journal, await term())));
  return { journal, fleet, process, at };
}

test('a route that leads to another app stays at the source', async () => {
  const alone = ALL.filter(({ kind }) => kind !== 'Ingress');
  const { journal, fleet, process } = await begin([...alone, BOTH, ...NEWS]);
  const { id } = await process.create(fleet.draft());
  await untilState(journal, id, 'Done');
  expect(fleet.writes()['east']).toEqual([
    'remove HorizontalPodAutoscaler prod/shop',
    'update Deployment prod/shop',
    'remove Deployment prod/shop',
    'remove Service prod/shop',
  ]);
  expect(fleet.writes()['west']).toContain('create Ingress prod/both');
});

test('what others have come to need since the plan stays too', async () => {
  const alone = ALL.filter(({ kind }) => kind !== 'Ingress');
  const { journal, fleet, process } = await begin([...alone, BOTH]);
  const draft = fleet.draft();
  for (const one of NEWS) put(fleet, 'east', one);
  const { id } = await process.create(draft);
  await untilState(journal, id, 'Done');
  expect(fleet.writes()['east']).not.toContain('remove Ingress prod/both');
});

const LOGS = object('apps/v1', 'DaemonSet', 'logs', {
  spec: { template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [] } } },
});
/** What goes at the source though the Service stays. */
const GONE = [
  'remove HorizontalPodAutoscaler prod/shop',
  'update Deployment prod/shop',
  'remove Deployment prod/shop',
];

/** Why something stays at the source, once all is done. */
async function whyStaying(
  objects: readonly Manifest[],
  prepare?: (fleet: MoveFleet) => void,
): Promise<Record<string, string>> {
  const { journal, fleet, process } = await begin(objects, prepare);
  const { id } = await process.create(fleet.draft());
  const { steps } = await untilState(journal, id, 'Done');
  expect(fleet.writes()['east']).toEqual(GONE);
  const texts = Object.values(steps).flatMap(({ intent, result }) => {
    const text = result?.text ?? '';
    return text.startsWith('it stays') ? [[intent.text.split(' ')[1] ?? '', text] as const] : [];
  });
  return Object.fromEntries(texts);
}

test('a Service with a DaemonSet’s pods behind it stays at the source, with its route', async () => {
  const text = 'it stays in east, needed by DaemonSet prod/logs';
  expect(await whyStaying([...ALL, LOGS])).toEqual({ Ingress: text, Service: text });
});

test('where a kind may not be listed all that one may need stays at the source', async () => {
  const forbid = (fleet: MoveFleet): void => {
    const east = fleet.cluster('east');
    const list = east.list.bind(east);
    east.list = async (ref, selector) => {
      if (ref.kind !== 'DaemonSet') return await list(ref, selector);
      throw new CallFailure({ text: 'HTTP 403', scope: 'kind', status: 403 });
    };
  };
  const text = 'it stays in east, for DaemonSet objects may not be listed there, and may need it';
  expect(await whyStaying(ALL, forbid)).toEqual({ Ingress: text, Service: text });
});

/** Two apps whose pods read the same ConfigMap and Secret; no edge sends requests to the second. */
async function beginTwo(
  adopt: boolean,
  prepare?: (fleet: MoveFleet) => void,
  objects: readonly Manifest[] = [...ALL, ...NEWS],
) {
  const begun = await begin(objects, prepare);
  const { fleet } = begun;
  const world = fleet.world.bind(fleet);
  fleet.world = (request) => {
    const all = world(request);
    const apps = all.apps.map(({ traffic, ...app }) =>
      app.app === 'news' || !traffic ? app : { ...app, traffic },
    );
    return { ...all, apps };
  };
  const asked = { apps: ['news', 'shop'], mode: 'evacuate', adopt } as const;
  return { ...begun, draft: { ...fleet.draft(asked), apps: asked.apps } };
}

test('one of two goes back: what the other needs stays', async () => {
  const { journal, fleet, process, at, draft } = await beginTwo(false);
  at.set('news:apply.3', () => put(fleet, 'west', { ...service('news'), spec: { ports: [] } }));
  const { id } = await process.create(draft);
  // A part of what was asked for is not what was asked for.
  const job = await untilState(journal, id, 'Failed');
  expect(job.why).toBe('news: as before');
  expect(job.steps['news:back.1']?.result?.text).toBe('it stays: shop needs it');
  const names = fleet
    .cluster('west')
    .all()
    .map(({ kind, metadata: { name } }) => `${kind} ${name}`);
  expect(names).toEqual(expect.arrayContaining(['ConfigMap shop', 'Secret shop']));
  expect(fleet.wrongs).toEqual([]);
});

test('both go back: nothing stays, and what was taken over is as it was', async () => {
  const theirs = { ...SETTINGS, metadata: { name: 'shop', namespace: 'prod' }, data: { a: '0' } };
  const { journal, fleet, process, at, draft } = await beginTwo(true, (its) =>
    put(its, 'west', theirs),
  );
  const before = fleet.forms('west');
  const aborted = Promise.withResolvers<unknown>();
  at.set('shop:ready', () => aborted.resolve(process.command(id, { name: 'abort', who: 'ann' })));
  const { id } = await process.create(draft);
  await aborted.promise;
  await untilState(journal, id, 'RolledBack');
  expect(fleet.forms('west')).toEqual(before);
});

test('both go: the last one takes along what they share', async () => {
  const alone = ALL.filter(({ kind }) => kind !== 'Ingress');
  const rest = NEWS.filter(({ kind }) => kind !== 'Ingress');
  const { journal, fleet, process, draft } = await beginTwo(false, undefined, [
    ...alone,
    BOTH,
    ...rest,
  ]);
  const { id } = await process.create(draft);
  await until('shop has moved', async () => (await journal.read(id))?.steps['shop:finish']?.result);
  expect(fleet.writes()['east']).not.toContain('remove Ingress prod/both');
  const news = (draft.plan as JobPlan).apps.find(({ app }) => app === 'news');
  const [first] = news ? leaving(news) : [];
  const asks = () => process.waitsFor(id, `news:delete.${first?.step}`);
  await expect.poll(asks, { timeout: 10_000 }).toContain('approve');
  await process.command(id, { name: 'approve', who: 'ann' });
  await untilState(journal, id, 'Done');
  const left = fleet.cluster('east').all();
  const kinds = ['Ingress', 'Deployment', 'Service'];
  expect(left.filter(({ kind }) => kinds.includes(kind))).toEqual([]);
  // Of news the fleet counts requests that no edge sends.
  expect(fleet.wrongs.filter((line) => !line.includes('news'))).toEqual([]);
});

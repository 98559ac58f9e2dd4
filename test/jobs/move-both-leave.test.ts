// Moves of two jobs whose apps leave one cluster, with a route that leads to both: whoever goes home finds it
// there, and the last that leaves takes it along.

import { expect, onTestFinished, test } from 'vitest';
import { resultOf } from '../../src/jobs/record.ts';
import { leaving } from '../../src/migration/flow/steps.ts';
import type { JobPlan } from '../../src/migration/flow/next.ts';
import type { Manifest } from '../../src/migration/manifests/manifest.ts';
import { until } from '../controlplane/until.ts';
import { deployment, ingress, service } from '../migration/plan/plan-world.ts';
import { confirmEdges } from './confirm-edges.ts';
import { holdCalls } from './held-calls.ts';
import { memoryStage } from './memory-stage.ts';
import { ALL, MoveFleet } from './move-fleet.ts';
import { serve, untilState } from './process.ts';
import { startMoves } from './start-moves.ts';

const rulesOf = ({ spec }: Manifest): readonly object[] =>
  (spec as { readonly rules: readonly object[] }).rules;
const BOTH: Manifest = {
  ...ingress('both'),
  spec: { rules: [...rulesOf(ingress('shop')), ...rulesOf(ingress('news'))] },
};
const OBJECTS = [
  ...ALL.filter(({ kind }) => kind !== 'Ingress'),
  deployment('news', 4),
  service('news'),
  BOTH,
];
const ROUTE = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  namespace: 'prod',
  name: 'both',
};
const HOLD = { verdict: 'unknown', text: 'not today' } as const;

/** `held`: apps that hold on at a question. */
async function leavingBoth() {
  const { journal, term } = await memoryStage();
  const fleet = new MoveFleet();
  await fleet.settle(OBJECTS);
  const held = new Map<string, string>();
  const { hooks } = fleet.ledgers;
  const ask = hooks.ask.bind(hooks);
  hooks.ask = async (name, asked) => (held.get(asked.app) === name ? HOLD : ask(name, asked));
  const process = startMoves(fleet, journal);
  const stop = await serve(process, await confirmEdges(journal, await term()));
  onTestFinished(async () => {
    await stop();
    expect([fleet.wrongs, process.errors]).toEqual([[], []]);
  });
  const begin = async (app: string) => {
    const draft = fleet.draft({ apps: [app] });
    const [planned] = (draft.plan as JobPlan).apps;
    const steps = planned ? leaving(planned) : [];
    const route = steps.find(({ manifest }) => manifest.metadata.name === 'both')?.step;
    const { id } = await process.create(draft);
    const textOf = async (verb: string): Promise<string | undefined> => {
      const job = await journal.read(id);
      return job && resultOf(job, `${app}:${verb}.${route}`)?.text;
    };
    const waits = (step: string, text: string) =>
      until(`${app} waits`, () => process.waitsFor(id, `${app}:${step}`)?.includes(text));
    return { id, route, textOf, waits };
  };
  const abort = (id: string) => process.command(id, { name: 'abort', who: 'ann' });
  const route = () => fleet.cluster('east').look(ROUTE);
  return { fleet, journal, process, held, begin, abort, route };
}

test('who comes home while the other takes it away waits, and makes it anew', async () => {
  const { fleet, journal, held, begin, abort, route } = await leavingBoth();
  held.set('shop', 'metadata').set('news', 'metadata');
  const shop = await begin('shop');
  await shop.waits('finish', 'not today');
  expect(await shop.textOf('delete')).toBe('it stays in east, needed by Service prod/news');
  const { reached, release } = holdCalls(fleet.cluster('east'), 'remove', 'Ingress');
  const news = await begin('news');
  await reached;
  await abort(shop.id);
  await shop.waits(`again.${shop.route}`, `news:delete.${news.route} of ${news.id} takes it away`);
  release();
  await untilState(journal, shop.id, 'RolledBack');
  expect(await shop.textOf('again')).toBe('it is there again');
  expect(route()?.['spec']).toEqual(BOTH['spec']);
  held.clear();
  await untilState(journal, news.id, 'Done');
});

test('who leaves while the other comes home leaves it there', async () => {
  const { fleet, journal, held, begin, abort, route } = await leavingBoth();
  held.set('shop', 'metadata').set('news', 'no-callers');
  const shop = await begin('shop');
  await shop.waits('finish', 'not today');
  const uid = route()?.metadata['uid'];
  const news = await begin('news');
  await until('it is to leave', async () => (await journal.read(news.id))?.steps['news:drain']);
  const { reached, release } = holdCalls(fleet.cluster('east'), 'apply', 'Service');
  await abort(shop.id);
  // It has found the route; of all that leads to it nothing is there yet.
  await reached;
  expect(await shop.textOf('again')).toBe('it is there still');
  held.delete('news');
  await untilState(journal, news.id, 'Done');
  expect(await news.textOf('delete')).toBe(
    `it stays in east for shop of ${shop.id}, which leaves too`,
  );
  release();
  await untilState(journal, shop.id, 'RolledBack');
  expect(route()?.metadata['uid']).toBe(uid);
});

test.each(['abort', 'done'])(
  'who is to take it along itself finds it, though nothing of it is left: %s',
  async (end) => {
    const { fleet, journal, held, begin, abort, route } = await leavingBoth();
    const east = fleet.cluster('east');
    const remove = east.remove.bind(east);
    east.remove = async (ref, expected) => {
      // All of it is gone but the route of both.
      if (ref.kind === 'Service' && ref.name === 'shop') held.set('shop', 'no-callers');
      return remove(ref, expected);
    };
    const shop = await begin('shop');
    await shop.waits(`delete.${shop.route}`, 'not today');
    const news = await begin('news');
    await untilState(journal, news.id, 'Done');
    expect(await news.textOf('delete')).toBe(
      `it stays in east for shop of ${shop.id}, which leaves too`,
    );
    if (end === 'abort') await abort(shop.id);
    held.clear();
    await untilState(journal, shop.id, end === 'abort' ? 'RolledBack' : 'Done');
    expect(route()?.['spec']).toEqual(end === 'abort' ? BOTH['spec'] : undefined);
  },
);

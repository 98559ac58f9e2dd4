// A plan, told what the clusters say of it. test/controlplane/fanout.test.ts has real clusters.

import { expect, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import type {
  ApplyOptions,
  ApplyResult,
  KubernetesObject,
} from '../../src/clusters/cluster-writer.ts';
import { readFanout } from '../../src/fanout/fanout.ts';
import { tryEntries } from '../../src/fanout/live/dry-run.ts';
import { withAnswers } from '../../src/fanout/live/with-answers.ts';
import { planFanout } from '../../src/fanout/plan/plan.ts';
import { USUAL } from '../../src/fanout/plan/world.ts';
import { worldOf } from './fanout-case.ts';

const STREAM = `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release}
spec: {objects: all, clusters: [east, west]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: "1"}
`;

const metadata = {
  name: 'settings',
  namespace: 'default',
  uid: 'u-1',
  labels: { 'ballast.io/fan-out': 'release' },
};
const LIVE = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: '0' } };

type Answer = (object: KubernetesObject, options: ApplyOptions) => Promise<ApplyResult>;

/** East has the object, west has none. */
async function told(apply: Answer, stream = STREAM) {
  const read = readFanout([{ name: 'a.yaml', text: stream }]);
  if (read.kind === 'faults') throw new Error(read.faults.join('\n'));
  const world = worldOf([{ name: 'east', live: [{ object: LIVE }] }, 'west']);
  const plan = planFanout(read.orders, world, USUAL);
  const asked: ApplyOptions[] = [];
  const no = (): never => {
    throw new Error('only dry runs are asked for');
  };
  const answers = await tryEntries(plan.entries, {
    name: 'any',
    apply(object, options = {}) {
      asked.push(options);
      return apply(object, options);
    },
    read: no,
    list: no,
    remove: no,
    fence: no,
    close: no,
  });
  return { plan, asked, told: withAnswers(plan, world, answers) };
}

const done = (object: object): ApplyResult => ({
  ok: true,
  created: false,
  object: object as KubernetesObject,
});

test('what a server would make is the difference; nothing to change is nothing', async () => {
  const result = await told(async (object, { expect: state }) =>
    state === 'absent' ? done(object) : done({ ...LIVE, data: { a: '1', webhook: 'x' } }),
  );
  expect(result.asked).toEqual([
    { dryRun: true, force: false },
    { dryRun: true, force: false, expect: 'absent' },
  ]);
  const [east, west] = result.told.entries;
  expect(east).toMatchObject({
    action: 'update',
    differences: [
      { path: '/data/a', before: '0', after: '1' },
      { path: '/data/webhook', after: 'x' },
    ],
  });
  expect(west).toMatchObject({ action: 'create' });
  expect(result.told.digest).toBe(result.plan.digest);
  const same = await told(async () => done(LIVE));
  expect(same.told.entries[0]).toMatchObject({ action: 'none', differences: [] });
});

test('a refusal is a fault of the plan, silence is a note', async () => {
  const refusal = { ok: false, code: 'refused', status: 422, text: 'it is wrong' } as const;
  const refused = await told(async () => refusal);
  expect(refused.told.faults).toEqual(['east: it is wrong', 'west: it is wrong']);
  expect(refused.told.entries.map(({ action }) => action)).toEqual(['fault', 'fault']);
  const silent = await told(async () => {
    throw new CallFailure({ text: 'no answer in time', scope: 'cluster' });
  });
  expect(silent.told.faults).toEqual([]);
  expect(silent.told.entries.map(({ action, notes }) => [action, notes])).toEqual([
    ['update', ['no dry run: no answer in time']],
    ['create', ['no dry run: no answer in time']],
  ]);
});

test('an answer about another object of that name is a fault', async () => {
  const { told: plan } = await told(async () =>
    done({ ...LIVE, metadata: { ...metadata, uid: 'u-2' } }),
  );
  expect(plan.faults).toEqual(['east: ConfigMap settings is another one now: plan again']);
});

test('what goes into a namespace that the plan makes is not tried before', async () => {
  const namespace = '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n';
  const tried: string[] = [];
  const { told: plan } = await told(async (object) => {
    tried.push(object.kind);
    return done(object);
  }, STREAM + namespace);
  expect(tried).toEqual(['Namespace', 'Namespace']);
  expect(plan.faults).toEqual([]);
  const text = 'no dry run: the namespace default is not there yet';
  expect(plan.entries.map(({ notes }) => notes)).toEqual([[text], [], [text], []]);
});

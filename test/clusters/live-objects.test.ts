// What is read for a plan, from answers as an API server gives them. test/cli/fanout.test.ts has the way
// over a connection.

import { expect, test } from 'vitest';
import { CallFailure } from '../../src/clusters/call-failure.ts';
import {
  type LiveQuestion,
  readLiveObjects,
  type WantedObject,
} from '../../src/clusters/live-objects.ts';

type Answers = Readonly<Record<string, object | number>>;

const resources = (...all: [kind: string, name: string][]) => ({
  resources: all.map(([kind, name]) => ({ kind, name, namespaced: true })),
});

const APPS = '/apis/apps/v1';
const SHOP = `${APPS}/namespaces/prod/deployments/shop`;
const SCALERS = '/apis/autoscaling/v2/namespaces/prod/horizontalpodautoscalers';
const PODS = '/api/v1/namespaces/prod/pods?labelSelector=app%3Dshop';
const WANTED: WantedObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'prod',
  name: 'shop',
};

/** A path without an answer is a 404, a number a status. */
function asking(answers: Answers): LiveQuestion {
  const send: LiveQuestion['link']['send'] = ({ path }) => {
    const found = answers[path] ?? 404;
    const status = typeof found === 'number' ? found : 200;
    const text = JSON.stringify(typeof found === 'number' ? {} : found);
    return Promise.resolve({
      status,
      retryAfter: undefined,
      isJson: true,
      date: undefined,
      body: (async function* () {
        yield new TextEncoder().encode(await Promise.resolve(text));
      })(),
      discard: () => undefined,
    });
  };
  return {
    link: { send },
    signal: new AbortController().signal,
    isOld: (time) => time < '2026-06-01',
  };
}

const deployment = (more: object = {}) => ({
  metadata: { name: 'shop', namespace: 'prod', ...more },
  spec: { replicas: 3, selector: { matchLabels: { app: 'shop' } } },
  status: { readyReplicas: 3 },
});

const read = (answers: Answers, label?: string) =>
  readLiveObjects(
    asking({ [APPS]: resources(['Deployment', 'deployments']), ...answers }),
    [WANTED],
    label,
  );

test('an object gets its version and kind, and counts all ready pods without a list', async () => {
  const { found } = await read({ [SHOP]: deployment() });
  const { apiVersion, kind } = WANTED;
  expect(found).toEqual([{ object: { ...deployment(), apiVersion, kind }, ready: 3 }]);
});

test('pods are counted where not all are ready; one without a node only after a while', async () => {
  const pod = (phase: string, type: string, more: object) => ({
    metadata: { name: 'p' },
    status: { phase, conditions: [{ type, ...more }] },
  });
  const without = { status: 'False', reason: 'Unschedulable' };
  const items = [
    pod('Running', 'Ready', { status: 'True' }),
    pod('Running', 'Ready', { status: 'False' }),
    pod('Pending', 'PodScheduled', { ...without, lastTransitionTime: '2026-01-01T00:00:00Z' }),
    pod('Pending', 'PodScheduled', { ...without, lastTransitionTime: '2026-07-01T00:00:00Z' }),
  ];
  const half = { ...deployment(), status: { readyReplicas: 1 } };
  const { found } = await read({ [SHOP]: half, [PODS]: { items } });
  expect(found).toMatchObject([{ ready: 1, unschedulable: 1 }]);
});

test('an autoscaler owns the replicas once it has written them, and a person’s scale is not its', async () => {
  const scaled = deployment({ managedFields: [{ manager: 'x', subresource: 'scale' }] });
  const scaler = (kind: string, name: string) => ({
    items: [{ metadata: { name: 'auto' }, spec: { scaleTargetRef: { kind, name } } }],
  });
  const scaledBy = async (answers: Answers) => (await read(answers)).found[0]?.scaledBy;
  expect(await scaledBy({ [SHOP]: scaled, [SCALERS]: scaler('Deployment', 'shop') })).toBe(
    'HorizontalPodAutoscaler auto',
  );
  expect(
    await scaledBy({ [SHOP]: scaled, [SCALERS]: scaler('Deployment', 'cart') }),
  ).toBeUndefined();
  expect(
    await scaledBy({ [SHOP]: deployment(), [SCALERS]: scaler('Deployment', 'shop') }),
  ).toBeUndefined();
});

test('what carries the label is read with it, each once; a list that is not allowed is told', async () => {
  const listed = `${APPS}/deployments?labelSelector=a%3Db`;
  const left = { metadata: { name: 'left', namespace: 'prod' } };
  const { found } = await read(
    { [SHOP]: deployment(), [listed]: { items: [deployment(), left] } },
    'a=b',
  );
  expect(found.map(({ object }) => object.metadata.name)).toEqual(['shop', 'left']);
  expect(found.every(({ object }) => object.kind === 'Deployment')).toBe(true);
  const refused = await read({ [SHOP]: deployment(), [listed]: 403 }, 'a=b');
  expect(refused.unlisted).toEqual(['deployments of all namespaces']);
});

test('what is not served is told, and no answer is never an absence', async () => {
  expect((await read({ [APPS]: resources() })).unserved).toEqual(new Set(['apps/v1 Deployment']));
  for (const answers of [{ [SHOP]: 403 }, { [SHOP]: 500 }, { [APPS]: 503 }]) {
    await expect(read(answers)).rejects.toBeInstanceOf(CallFailure);
  }
});

// A fan-out over a real fleet, from the page: real Redis, real edges, a controller of its own, clusters that
// are written to by server-side apply. Paused, resumed, brought to its end; and one that is aborted.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startFleet, type Fleet } from '../e2e/fleet.ts';
import { openPage, startBrowser } from './browser.ts';

let browser: Browser;
let fleet: Fleet;
/** Clusters whose controllers do nothing. */
const idle = new Set<string>();

beforeAll(async () => {
  browser = await startBrowser();
  fleet = await startFleet(72, 'redis', async ({ orders }) => ({
    weights: { ramp: { seconds: 0 } },
    clusters: orders.map((order) => {
      const { kubeconfig } = order as { kubeconfig: object };
      return { ...order, jobs: { kubeconfig, namespaces: ['prod'] } };
    }),
  }));
  for (const cluster of fleet.clusters) {
    cluster.setApp({ name: 'shop', pods: 2, hosts: ['shop.example.com'], ingress: true });
  }
  await until('both edges have it', async () => {
    const states = await Promise.all(fleet.edges.map((edge) => edge.state()));
    return states.every(({ documents }) => documents >= 1);
  });
  const first = await fleet.ballast.send<{ id: string }>('POST', '/api/v1/fanouts', {
    files: [{ name: 'first.yaml', text: stream('v1', '{weights: none}') }],
  });
  expect(first).toMatchObject({ status: 201 });
  await reach(first.json.id, 'Done');
});
afterAll(async () => {
  await browser?.close();
  await fleet?.close();
});

const stream = (image: string, strategy: string): string => `
apiVersion: ballast.io/v1
kind: FanOut
metadata: {name: release}
spec: {objects: all, clusters: [east, west], strategy: ${strategy}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: prod}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: app, image: "${image}"}]}}
`;

interface Deployment {
  readonly metadata: { readonly generation?: number };
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: [{ image: string }] } };
  };
}

const deploymentIn = (cluster: number): Deployment =>
  fleet.clusters[cluster]?.api.store.objects
    .get('deployments')
    ?.get('prod/shop') as unknown as Deployment;
const imageIn = (cluster: number): string =>
  deploymentIn(cluster).spec.template.spec.containers[0].image;

/** What its controller says, unless it is idle. */
function control(): void {
  for (const { name, api } of fleet.clusters) {
    const found = api.store.objects.get('deployments')?.get('prod/shop');
    if (!found || idle.has(name)) continue;
    const { apiVersion: _, kind: __, ...object } = found;
    const counts = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 };
    const status = { observedGeneration: found.metadata.generation, ...counts };
    api.put('deployments', { ...object, status } as Parameters<typeof api.put>[1]);
  }
}

async function reach(id: string, state: string): Promise<void> {
  await until(`${id} is ${state}`, async () => {
    control();
    const job = await fleet.ballast.get<{ state: string; why?: string }>(`/api/v1/jobs/${id}`);
    if (job.state === state) return true;
    throw new Error(`${job.state} ${job.why}`);
  });
}

async function weightsAt(edge: Fleet['edges'][number]): Promise<number[]> {
  const { json } = await edge.call('GET', '/v1/upstreams/shop');
  return (json as { servers: { weight: number }[] }).servers.map(({ weight }) => weight);
}

async function begin(image: string): Promise<string> {
  const { status, json } = await fleet.ballast.send<{ id: string }>('POST', '/api/v1/fanouts', {
    files: [{ name: 'release.yaml', text: stream(image, '{order: serial}') }],
  });
  expect([status, json]).toEqual([201, json]);
  return json.id;
}

async function say(page: Page, button: string, doIt: string, typed?: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  const dialog = page.getByRole('dialog');
  if (typed !== undefined) await dialog.getByLabel(`Type ${typed} to confirm`).fill(typed);
  await dialog.getByRole('button', { name: doIt, exact: true }).click();
  await dialog.getByText('done', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
}

const isAt = (page: Page, state: string): Promise<void> =>
  page.locator('.bar .badge').filter({ hasText: state }).waitFor();

/** Of the first cluster, whose controller does nothing. */
const atGate = (page: Page): Promise<void> =>
  page
    .getByRole('article', { name: 'east' })
    .getByRole('listitem')
    .filter({ hasText: /Gate[\s\S]*Waits for: Deployment shop/ })
    .waitFor();

test('paused and resumed, a fan-out comes to its end; the edges saw each cluster out and in', async () => {
  idle.add('east');
  const id = await begin('v2');
  const { page, faults, close } = await openPage(browser, `${fleet.ballast.url}/#/jobs/${id}`);
  await atGate(page);
  expect(imageIn(0)).toBe('v2');
  for (const edge of fleet.edges)
    expect((await weightsAt(edge)).toSorted()).toEqual([0, 0, 10, 10]);
  await say(page, 'Pause…', 'Pause');
  await isAt(page, 'paused');
  idle.clear();
  control();
  // Nothing is written while it is paused, whatever would let it go on.
  await page.reload();
  await isAt(page, 'paused');
  expect(imageIn(1)).toBe('v1');
  await say(page, 'Resume…', 'Resume');
  await reach(id, 'Done');
  await isAt(page, 'done');
  expect([imageIn(0), imageIn(1)]).toEqual(['v2', 'v2']);
  await until('every edge has both back', async () => {
    const all = await Promise.all(fleet.edges.map(weightsAt));
    return all.every((weights) => weights.join() === '10,10,10,10');
  });
  expect(faults).toEqual([]);
  await close();
});

test('aborted, it takes back what it wrote', async () => {
  idle.add('east');
  const id = await begin('v3');
  const { page, faults, close } = await openPage(browser, `${fleet.ballast.url}/#/jobs/${id}`);
  await atGate(page);
  expect(imageIn(0)).toBe('v3');
  await say(page, 'Abort…', 'Abort', id);
  idle.clear();
  await reach(id, 'RolledBack');
  await isAt(page, 'rolled back');
  await page.getByText('It holds nothing now.').waitFor();
  expect([imageIn(0), imageIn(1)]).toEqual(['v2', 'v2']);
  await until('every edge has all of it', async () => {
    const all = await Promise.all(fleet.edges.map(weightsAt));
    return all.every((weights) => weights.join() === '10,10,10,10');
  });
  expect(faults).toEqual([]);
  await close();
});

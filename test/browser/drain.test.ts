// A drain over a real fleet: what it would change, its name typed, and each edge as it has it.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { startFleet, type Fleet } from '../e2e/fleet.ts';
import { openPage, startBrowser } from './browser.ts';

let browser: Browser;
let fleet: Fleet;

beforeAll(async () => {
  browser = await startBrowser();
  fleet = await startFleet(71);
  for (const [index, cluster] of fleet.clusters.entries()) {
    const pods = 4 - 2 * index;
    cluster.setApp({ name: 'shop', pods, hosts: ['shop.example.com'], ingress: true });
  }
  fleet.clusters[0]?.setApp({ name: 'lone', pods: 2, hosts: ['lone.example.com'], ingress: true });
  await until('both edges have both apps', async () => {
    const states = await Promise.all(fleet.edges.map((edge) => edge.state()));
    const { items } = await fleet.ballast.get<{ items: unknown[] }>('/api/v1/upstreams');
    return items.length === 2 && states.every(({ documents }) => documents >= 2);
  });
});
afterAll(async () => {
  await browser?.close();
  await fleet?.close();
});

const weightsAt = async (edge: Fleet['edges'][number], app: string): Promise<number[]> => {
  const { json } = await edge.call('GET', `/v1/upstreams/${app}`);
  return (json as { servers: { weight: number }[] }).servers.map(({ weight }) => weight);
};

test('a cluster is drained with a preview, at every edge, and comes back', async () => {
  const { page, faults, close } = await openPage(browser, `${fleet.ballast.url}/#/clusters/east`);
  await page.getByRole('button', { name: 'Drain east…' }).click();
  const dialog = page.getByRole('dialog');
  // The app that is nowhere else is named first, and takes a word of its own.
  await dialog
    .getByRole('alert')
    .filter({ hasText: /The app would lose its last server[\s\S]*lone/ })
    .waitFor();
  await dialog.getByLabel('Let an app lose its last server').check();
  // Of the answer that reckons with it: the one before may still be in sight.
  await dialog.getByText(/The least is left of lone: 0\.0 %/).waitFor();
  // Four pods of six leave; the third that stays takes all.
  await dialog
    .getByRole('row', { name: /shop/ })
    .filter({ hasText: /33\.3 % 60 → 20[\s\S]*66\.7 % → 0\.0 %[\s\S]*33\.3 % → 100\.0 %/ })
    .waitFor();

  const drain = dialog.getByRole('button', { name: 'Drain east', exact: true });
  expect(await drain.isDisabled()).toBe(true);
  await dialog.getByLabel(/^Why/).fill('INC-7: new switches');
  expect(await drain.isDisabled()).toBe(true);
  await dialog.getByLabel('Type east to confirm').fill('west');
  expect(await drain.isDisabled()).toBe(true);
  await dialog.getByLabel('Type east to confirm').fill('east');
  await drain.click();
  await dialog.getByText('Every edge has it.').waitFor();
  const edges = dialog.getByRole('list', { name: 'Edges' }).getByRole('listitem');
  expect(await edges.allInnerTexts()).toEqual(
    ['edge-1', 'edge-2'].map((name) => expect.stringMatching(new RegExp(`${name}[\\s\\S]*has it`))),
  );
  // It said so only once it was so.
  for (const edge of fleet.edges) {
    expect((await weightsAt(edge, 'shop')).toSorted()).toEqual([0, 0, 10, 10]);
    expect(await weightsAt(edge, 'lone')).toEqual([0, 0]);
  }
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByText('Drained by local: INC-7: new switches').waitFor();

  await page.getByRole('button', { name: 'End the drain…' }).click();
  await dialog.getByRole('row', { name: /shop/ }).waitFor();
  await dialog.getByRole('button', { name: 'End it' }).click();
  await dialog.getByText('Every edge has it.').waitFor();
  for (const edge of fleet.edges) {
    expect((await weightsAt(edge, 'shop')).toSorted()).toEqual([10, 10, 20, 20]);
  }
  expect(faults).toEqual([]);
  await close();
});

test('an edge that is silent is named, and the drain stands', async () => {
  const [, silent] = fleet.edges;
  const { page, close } = await openPage(browser, `${fleet.ballast.url}/#/clusters/west`);
  await page.getByRole('button', { name: 'Drain west…' }).waitFor();
  await silent?.stop('SIGKILL');
  await page.getByRole('button', { name: 'Drain west…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Why/).fill('INC-8');
  await dialog.getByLabel('Type west to confirm').fill('west');
  await dialog.getByRole('button', { name: 'Drain west', exact: true }).click();
  const edges = dialog.getByRole('list', { name: 'Edges' }).getByRole('listitem');
  await edges.filter({ hasText: 'edge-1' }).filter({ hasText: 'has it' }).waitFor();
  await edges.filter({ hasText: 'edge-2' }).filter({ hasText: 'it is silent' }).waitFor();
  await dialog.getByText('Waiting for the edges…').waitFor();
  // Whoever looks away takes nothing back.
  await page.keyboard.press('Escape');
  await page.getByText('Drained by local: INC-8').waitFor();
  await close();
});

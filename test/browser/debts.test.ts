// What a migration left behind, on the page: looked at, consented to, or said to be owed no more.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { oweForJob } from '../../src/words/of-debts.ts';
import { MemoryObjects } from '../jobs/memory-objects.ts';
import { openPage, startBrowser, violationsOf, type Looks } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

const SHOP = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'prod', name: 'shop' };

let browser: Browser;
let beats: NodeJS.Timeout | undefined;

beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(async () => {
  clearInterval(beats);
  await closeAll();
});
afterAll(async () => {
  await browser?.close();
});

/** East is back, with what was moved away while it was gone. */
async function open(looks: Looks = {}) {
  const objects = new MemoryObjects('east');
  const { name, namespace, ...type } = SHOP;
  objects.applyAs('kubectl', { ...type, metadata: { name, namespace }, spec: { replicas: 4 } });
  const uid = String(objects.look(SHOP)?.metadata['uid']);
  const standing = await openStanding(
    { apps: 3, clusters: 2 },
    {},
    { objects: new Map([['east', objects]]) },
  );
  const { controller, clusters, hear, url, jobs } = standing;
  objects.onReady = (_, pods) => clusters[0]?.set('shop', { pods });
  const owed = { app: 'shop', cluster: 'east', objects: [{ ...SHOP, uid }], why: 'it was away' };
  await controller.say(oweForJob({ ...owed, job: 'move-1', who: 'ann' }));
  await jobs.confirmEdges('ann', ['edge-1']);
  beats = setInterval(() => hear('edge-1'), 100);
  const watched = await openPage(browser, `${url}/#/migrations/debts`, looks);
  await watched.page.locator('main tbody th').first().waitFor();
  const debts = () => controller.published()?.held.debts ?? [];
  return { ...watched, objects, debts };
}

test('a debt is looked at, and deleted by consent, with the cluster’s name typed', async () => {
  const { page, faults, close, objects, debts } = await open();
  const row = page
    .getByRole('row', { name: /shop/ })
    .filter({ hasText: /east[\s\S]*is back[\s\S]*1[\s\S]*move-1[\s\S]*ann/ });
  await row.getByRole('button', { name: /Look…/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog
    .getByRole('listitem')
    .filter({ hasText: /Deployment prod\/shop[\s\S]*there: it would be deleted/ })
    .waitFor();
  const consent = dialog.getByRole('button', { name: 'Consent to its deletion' });
  expect(await consent.isDisabled()).toBe(true);
  await dialog.getByLabel('Type east to confirm').fill('east');
  await consent.click();
  await dialog.getByRole('status').getByRole('link').click();
  await page.locator('.bar .badge').filter({ hasText: 'done' }).waitFor();
  expect(objects.look(SHOP)).toBeUndefined();
  expect(debts()).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('nothing is owed any more: shown first, then said at every edge, and nothing is deleted', async () => {
  const { page, faults, close, objects, debts } = await open();
  await page.getByRole('button', { name: /Nothing is owed any more…/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('row', { name: /shop/ }).waitFor();
  await dialog.getByLabel(/^Why/).fill('the machines are sold');
  await dialog.getByLabel('Type east to confirm').fill('east');
  await dialog.getByRole('button', { name: 'Say so' }).click();
  await dialog.getByText('Every edge has it.').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await page.getByText('Nothing is owed: ').waitFor();
  expect(debts()).toEqual([]);
  expect(objects.look(SHOP)).toBeDefined();
  expect(faults).toEqual([]);
  await close();
});

test.each([
  ['light', 'zh', 1280],
  ['dark', 'en', 400],
] as const)('%s, %s, %i px: nothing is wrong with it', async (theme, language, width) => {
  const { page, faults, close } = await open({ theme, language, width });
  expect(await violationsOf(page)).toEqual([]);
  await page.locator('main tbody button').first().click();
  await page.locator('dialog .lines li').first().waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  expect(faults).toEqual([]);
  await close();
});

test('its drain says whose it is, and cannot be ended for itself', async () => {
  const { page, close } = await open();
  await page.evaluate('location.hash = "#/holds"');
  const hold = page.getByRole('row', { name: /move-1\.shop\.owed/ });
  await hold.getByRole('link', { name: 'Debts' }).waitFor();
  expect(await hold.getByRole('button', { name: /^End/ }).isDisabled()).toBe(true);
  await close();
});

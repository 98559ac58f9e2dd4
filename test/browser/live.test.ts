// What is shown is so now, or the page says that it is not.

import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { openPage, startBrowser, type Watched } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

let browser: Browser;
let standing: Awaited<ReturnType<typeof openStanding>>;
let watched: Watched;
let page: Page;
/** Of the event stream, the last one: with which id it was asked for. */
let asked: (string | undefined)[];
let busy: NodeJS.Timeout | undefined;

beforeAll(async () => {
  browser = await startBrowser();
});
beforeEach(async () => {
  standing = await openStanding({ apps: 4, clusters: 2 });
  standing.hear('edge-1');
  watched = await openPage(browser, `${standing.url}/#/apps`, { clock: true });
  ({ page } = watched);
  asked = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/events')) asked.push(request.headers()['last-event-id']);
  });
  await page.locator('table.long tbody th').first().waitFor();
});
afterEach(async () => {
  clearInterval(busy);
  await watched?.close();
  await closeAll();
});
afterAll(async () => {
  await browser?.close();
});

const cells = async (app: string): Promise<string[]> =>
  page.locator('table.long tbody tr', { hasText: app }).locator('td').allInnerTexts();
const podsOf = async (app: string): Promise<number> => Number((await cells(app))[1]);

test('a change is shown as it comes, and an app that is new or gone', async () => {
  const [east] = standing.clusters;
  const before = await podsOf('shop');
  east?.set('shop', { pods: 41, hosts: ['shop.example.com'] });
  await until('the pods are shown', async () => (await podsOf('shop')) > before + 20);
  east?.set('brand-new', { pods: 2 });
  await page.getByRole('link', { name: 'brand-new' }).waitFor();
  expect(watched.faults).toEqual([]);
});

test('a lost stream is told with its time, and comes back with what changed meanwhile', async () => {
  const [east] = standing.clusters;
  // An edge that is silent for five seconds would leave its mark in the title too.
  busy = setInterval(() => standing.hear('edge-1'), 500);
  await page.context().setOffline(true);
  const lost = page.getByText(/^not live: connecting again since/);
  // An open stream does not feel that; the next one does.
  standing.api.server.closeAllConnections();
  await lost.waitFor();
  // What was known stays in sight, and the tab says that something is wrong.
  expect(await page.locator('table.long tbody th').count()).toBe(4);
  await until('the title has its mark', async () => (await page.title()).startsWith('■'));
  east?.set('shop', { pods: 53, hosts: ['shop.example.com'] });
  await page.context().setOffline(false);
  await page.getByText('live', { exact: true }).first().waitFor();
  await until('the change is shown', async () => (await podsOf('shop')) > 50);
  expect(asked.at(-1)).toMatch(/^[a-z0-9]+-[0-9]+$/);
  await until('the mark is gone', async () => !(await page.title()).startsWith('■'));
});

test('what is gone when the stream comes back is gone', async () => {
  const [east] = standing.clusters;
  const hold = { kind: 'drain', app: 'shop', cluster: 'north', why: 'x' };
  const { json } = await standing.call('POST', '/api/v1/holds', hold);
  await page.getByRole('link', { name: 'Holds' }).click();
  await page.getByRole('rowheader', { name: json.ids[0] }).waitFor();
  await page.context().setOffline(true);
  standing.api.server.closeAllConnections();
  await page.getByText(/^not live/).waitFor();
  await standing.call('DELETE', `/api/v1/holds/${json.ids[0]}`);
  east?.set('later', { pods: 1 });
  await page.context().setOffline(false);
  await page.getByText('Nothing is held: every weight is the rule’s.').waitFor();
  await page.getByRole('link', { name: 'Apps', exact: true }).click();
  await page.getByRole('link', { name: 'later' }).waitFor();
});

test('another controller at the same address is another state, whole', async () => {
  const port = Number(new URL(standing.url).port);
  await page.getByText('live', { exact: true }).first().waitFor();
  await closeAll();
  await page.getByText(/^not live/).waitFor();
  // It names neither the last app nor the last cluster.
  standing = await openStanding({ apps: 3, clusters: 1, port });
  await page.getByText('3 apps').waitFor();
  await page.getByText('live', { exact: true }).first().waitFor();
  expect(await page.locator('table.long tbody th').allInnerTexts()).toEqual([
    'cart',
    'pay',
    'shop',
  ]);
  expect(await page.getByRole('columnheader', { name: 'north' }).count()).toBe(0);
});

test('a stream that is silent for longer than its heart beats is opened anew', async () => {
  await page.getByText('live', { exact: true }).first().waitFor();
  const before = asked.length;
  await page.clock.fastForward(46_000);
  await until('it is asked for again', () => asked.length > before);
  expect(asked.at(-1)).toMatch(/-[0-9]+$/);
  await page.getByText('live', { exact: true }).first().waitFor();
});

test('a tab that nobody looks at lets go, and takes up again', async () => {
  const look = (state: 'hidden' | 'visible'): Promise<void> =>
    page.evaluate(`
      Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    `);
  const before = await podsOf('shop');
  await look('hidden');
  await page.clock.fastForward(61_000);
  await page.getByText(/^resting since/).waitFor();
  standing.clusters[0]?.set('shop', { pods: 91, hosts: ['shop.example.com'] });
  await look('visible');
  await until('the change is shown', async () => (await podsOf('shop')) > before + 60);
  await page.getByText('live', { exact: true }).first().waitFor();
});

test('however much changes, what is asked for comes', async () => {
  const [east] = standing.clusters;
  let pods = 0;
  // Often enough that there is a batch of events at any time.
  busy = setInterval(() => {
    pods = (pods + 1) % 20;
    east?.set('shop', { pods: pods + 1, hosts: ['shop.example.com'] });
  }, 20);
  // And each answer takes longer than it is from one change to the next.
  await page.route('**/api/v1/history*', async (route) => {
    await wait(700);
    await route.continue().catch(() => undefined);
  });
  await page.getByRole('link', { name: 'History' }).click();
  const newest = async (): Promise<number> =>
    Number((await page.locator('.change strong').first().innerText()).replace('version ', ''));
  await page.locator('.change').first().waitFor();
  const first = await newest();
  await until('a newer one', async () => (await newest()) > first);
});

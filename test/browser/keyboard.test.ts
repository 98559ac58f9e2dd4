// Everything that can be done is done without a mouse.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { openPage, startBrowser } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

let browser: Browser;
let standing: Awaited<ReturnType<typeof openStanding>>;
let beats: NodeJS.Timeout;

beforeAll(async () => {
  browser = await startBrowser();
  standing = await openStanding({ apps: 300, clusters: 3 });
  beats = setInterval(() => standing.hear('edge-1'), 200);
});
afterAll(async () => {
  clearInterval(beats);
  await browser?.close();
  await closeAll();
});

const placeOf = (page: Page): Promise<string> => page.evaluate('location.hash');
const focused = (page: Page): Promise<string> =>
  page.evaluate('document.activeElement.textContent || document.activeElement.tagName');
const holds = () => standing.controller.published()?.held.holds ?? [];

/** Tab until the focus is on what has this name. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    const label = await page.evaluate<string>(
      '(({ activeElement: a }) => a.getAttribute("aria-label") ?? a.labels?.[0]?.textContent ?? a.textContent)(document)',
    );
    if (name.test(label)) return;
  }
  throw new Error(`no way to ${name} by Tab`);
}

test('screens by g and a letter, rows by j and k, the search by /', async () => {
  const { page, faults, close } = await openPage(browser, `${standing.url}/#/`);
  await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  const screens = {
    a: '#/apps',
    c: '#/clusters',
    e: '#/edges',
    h: '#/holds',
    j: '#/jobs',
    m: '#/migrations',
    y: '#/history',
    u: '#/audit',
    f: '#/',
  };
  for (const [key, place] of Object.entries(screens)) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await until(place, async () => (await placeOf(page)) === place);
  }
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await page.locator('table.long tbody th').first().waitFor();
  await page.keyboard.press('j');
  expect(await focused(page)).toBe('app-00006');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  expect(await focused(page)).toBe('app-00007');
  // Far beyond the rows that were in the document at first.
  for (let row = 8; row <= 100; row += 1) {
    const name = `app-${`${row}`.padStart(5, '0')}`;
    // Rows come as they are scrolled to, with the next picture.
    await page.getByRole('link', { name }).waitFor({ state: 'attached' });
    await page.keyboard.press('j');
    await until(name, async () => (await focused(page)) === name);
  }
  await page.keyboard.press('/');
  await page.keyboard.type('sho');
  await until('the search stands in the URL', async () =>
    (await placeOf(page)).includes('search=sho'),
  );
  // Letters that are typed lead nowhere.
  await page.keyboard.type('p');
  await page.getByText('1 of 300 apps').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  expect(await focused(page)).toBe('shop');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a hold is made and ended', async () => {
  const { page, faults, close } = await openPage(browser, `${standing.url}/#/apps/shop`);
  await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
  await tabTo(page, /^Hold…$/);
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor();
  // The kind has the focus: a pin, by the arrow; then its fields, one after the other.
  await page.keyboard.press('ArrowDown');
  await tabTo(page, /^Cluster/);
  await page.keyboard.type('east');
  await tabTo(page, /^Weight/);
  await page.keyboard.type('7');
  await tabTo(page, /^Why/);
  await page.keyboard.type('by hand, for a test');
  await page.locator('dialog table.long tbody th').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Every edge has it.').waitFor();
  expect(holds()).toMatchObject([
    {
      kind: 'pin',
      app: 'shop',
      cluster: 'east',
      weight: 7,
      who: 'local',
      why: 'by hand, for a test',
    },
  ]);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  expect(await focused(page)).toBe('Hold…');

  await page.getByRole('button', { name: /^End… End hold/ }).waitFor();
  await tabTo(page, /^End… End hold/);
  await page.keyboard.press('Enter');
  await page.locator('dialog table.long tbody th').first().waitFor();
  await tabTo(page, /^End it$/);
  await page.keyboard.press('Enter');
  await page.getByText('Every edge has it.').waitFor();
  expect(holds()).toEqual([]);
  expect(faults).toEqual([]);
  await close();
});

test('an app goes back to an earlier version', async () => {
  standing.clusters[0]?.set('cart', { pods: 40, hosts: ['cart.example.com'] });
  const { page, close } = await openPage(browser, `${standing.url}/#/history?app=cart`);
  await page.locator('.change').nth(1).waitFor();
  const first = /Take cart back to version 2$/;
  await tabTo(page, first);
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor();
  await page.keyboard.type('it was better');
  await page.locator('dialog table.long tbody th').first().waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('Every edge has it.').waitFor();
  expect(holds()).toMatchObject([
    { kind: 'freeze', app: 'cart', why: 'revert to version 2: it was better' },
  ]);
  await close();
});

test('the search and the content come first where one wants them to', async () => {
  const { page, close } = await openPage(browser, `${standing.url}/#/clusters`);
  await page.locator('tbody th').first().waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
  expect(await placeOf(page)).toBe('#/clusters');
  await close();
});

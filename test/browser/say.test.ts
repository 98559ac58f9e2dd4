// What is said is said once, and what is refused is told in words.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, startBrowser } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

let browser: Browser;
let standing: Awaited<ReturnType<typeof openStanding>>;
let beats: NodeJS.Timeout;

beforeAll(async () => {
  browser = await startBrowser();
  standing = await openStanding({ apps: 5, clusters: 3 });
  beats = setInterval(() => standing.hear('edge-1'), 200);
});
afterAll(async () => {
  clearInterval(beats);
  await browser?.close();
  await closeAll();
});

const holds = () => standing.controller.published()?.held.holds ?? [];

async function fill(page: Page, why: string): Promise<void> {
  await page.getByRole('button', { name: 'Hold…' }).click();
  await page.getByLabel('Cluster').selectOption('east');
  await page.getByLabel(/^Why/).fill(why);
  await page.getByLabel(/^Until/).fill('90');
  await page.locator('dialog table.long tbody th').first().waitFor();
}

test('an answer that is lost on its way: tried again it is not written twice', async () => {
  const { page, close } = await openPage(browser, `${standing.url}/#/apps/shop`);
  await fill(page, 'lost on its way');
  let lost = 0;
  await page.route('**/api/v1/holds', async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    // It is written, and nobody hears of it.
    await route.fetch();
    return route.abort();
  });
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Hold', exact: true }).click();
  await dialog.getByText('Whether it was done is not known').waitFor();
  expect(holds()).toHaveLength(1);
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await dialog.getByText('Every edge has it.').waitFor();
  expect(holds()).toMatchObject([{ kind: 'drain', app: 'shop', cluster: 'east', who: 'local' }]);
  const [long = 0] = holds().map(({ since, until = 0 }) => (until - since) / 60_000);
  // To the minute, and a slow machine's way here.
  expect(Math.abs(long - 90)).toBeLessThan(3);
  await close();
});

test('what others did meanwhile is refused in words, and nothing is done', async () => {
  const { page, close } = await openPage(browser, `${standing.url}/#/holds`);
  const { json } = await standing.hold({ kind: 'freeze', app: 'pay' });
  const [id] = json.ids;
  await page.getByRole('button', { name: `End… End hold ${id}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('No share would change.').waitFor();
  await standing.call('DELETE', `/api/v1/holds/${id}`);
  await dialog.getByRole('button', { name: 'End it' }).click();
  await dialog.getByText('It was not done').waitFor();
  await dialog.getByText('No such hold').waitFor();
  await close();
});

test('a pin is not offered before it is whole', async () => {
  const { page, close } = await openPage(browser, `${standing.url}/#/apps/cart`);
  await page.getByRole('button', { name: 'Hold…' }).click();
  const dialog = page.getByRole('dialog');
  const doIt = dialog.getByRole('button', { name: 'Hold', exact: true });
  await dialog.getByLabel('pin').check();
  await dialog.getByLabel(/^Why/).fill('x');
  expect(await doIt.isDisabled()).toBe(true);
  await dialog.getByLabel(/^Cluster/).selectOption('south');
  expect(await doIt.isDisabled()).toBe(true);
  await dialog.getByLabel(/^Weight/).fill('30');
  await dialog.locator('table.long tbody th').first().waitFor();
  expect(await doIt.isEnabled()).toBe(true);
  await close();
});

// What is said is said once, and what is refused is told in words.

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
  await until('it is offered', () => doIt.isEnabled());
  await close();
});

test('what is refused stands beside what it would come to, and is said again as it is then', async () => {
  // Only east has it: a drain there is refused before it is said.
  const [east] = standing.clusters;
  east?.set('lone', { pods: 2, hosts: ['lone.example.com'] });
  const { page, close } = await openPage(browser, `${standing.url}/#/apps/lone`);
  await page.getByRole('button', { name: 'Hold…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^Cluster/).selectOption('east');
  await dialog.getByLabel(/^Why/).fill('switches');
  await dialog.getByText('The app would lose its last server').waitFor();
  const row = dialog.getByRole('row', { name: /lone/ }).filter({ hasText: /0\.0 % 20 → 0/ });
  await row.waitFor();
  // An answer to what was not whole yet may have been in sight first.
  const doIt = dialog.getByRole('button', { name: 'Hold', exact: true });
  await until('it is not offered', () => doIt.isDisabled());

  // With the word it may be said; what has changed meanwhile refuses it then.
  const looked = page.waitForResponse(/dryRun=true/);
  await dialog.getByLabel('Let an app lose its last server').check();
  await looked;
  await row.waitFor();
  await until('it is offered', () => doIt.isEnabled());
  const [first] = holds();
  let refusals = 0;
  const keys: string[] = [];
  await page.route('**/api/v1/holds', async (route) => {
    keys.push(route.request().headers()['idempotency-key'] ?? '');
    if (refusals > 0) return route.continue();
    refusals += 1;
    return route.fulfill({
      status: 409,
      contentType: 'application/problem+json',
      json: { code: 'holds-full', status: 409, title: 'Full', detail: 'no room', act: 'Lift.' },
    });
  });
  await doIt.click();
  await dialog.getByText('It was not done').waitFor();
  await dialog.getByText('no room').waitFor();
  expect(await row.isVisible()).toBe(true);
  expect(await dialog.getByLabel(/^Why/).inputValue()).toBe('switches');
  expect(holds()).toEqual(first ? [first] : []);
  // Another word takes the refusal of the last one away.
  await dialog.getByLabel(/^Why/).fill('switches, again');
  await until('it is gone', async () => (await dialog.getByText('no room').count()) === 0);
  await until('it may be said', () => doIt.isEnabled());
  await doIt.click();
  await dialog.getByText('Every edge has it.').waitFor();
  const own = holds().filter(({ app }) => app === 'lone');
  expect(own).toMatchObject([{ why: 'switches, again', allowEmpty: true }]);
  // Two words, two keys.
  expect(new Set(keys).size).toBe(2);
  await close();
});

test('a mistyped name: the preview says that nothing is held', async () => {
  const { page, close } = await openPage(browser, `${standing.url}/#/holds`);
  await page.getByRole('button', { name: 'New hold…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^App/).fill('shpo');
  await dialog.getByText('This holds nothing as things stand').waitFor();
  await dialog.getByText('no app shpo is known').waitFor();
  await close();
});

test('in Chinese a refusal has a title and a way out in Chinese', async () => {
  const looks = { language: 'zh' } as const;
  const { page, close } = await openPage(browser, `${standing.url}/#/apps/shop`, looks);
  await page.getByRole('button', { name: '保持…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/允许/).waitFor();
  await dialog.getByText('应用将失去最后一个服务地址').waitFor();
  await dialog.getByText('请先恢复一个服务地址，或在保持中注明 allowEmpty。').waitFor();
  await close();
});

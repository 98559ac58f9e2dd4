// The screens of jobs and migrations in both themes and both languages: axe finds nothing, nothing is asked
// for elsewhere, nothing is wider than a telephone; and what migrations show.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { openPage, startBrowser, violationsOf, type Watched } from './browser.ts';
import { openWorking } from './standing-jobs.ts';
import { draftOfMove, memoryMigrations, slowMigrations } from './standing-migrations.ts';
import { closeAll } from './standing.ts';

let browser: Browser;
let working: Awaited<ReturnType<typeof openWorking>>;
let move: string;
const plans = memoryMigrations();
const slow = slowMigrations();
/** Each with what stands there once it is whole. */
const screens = new Map<string, string>();

beforeAll(async () => {
  browser = await startBrowser();
  slow.waitAt = 'shift.25';
  working = await openWorking({ migrations: plans.migrations }, [slow.kind]);
  const { begin, reach, jobs, objects, call } = working;
  await reach(await begin('v2'), 'Done');
  for (const one of objects.values()) one.isIdle = true;
  const running = await begin('v3', '{order: parallel, approval: before}');
  await call('POST', `/api/v1/jobs/${running}/approve`);
  move = (await jobs.create({ ...draftOfMove(), apps: ['cart'] })).id;
  await until('the move shifts', async () => jobs.waits(move).length > 0);
  await plans.migrations.rehearse();
  screens.set('#/jobs', 'table.long tbody th');
  screens.set('#/jobs?search=nothing-like-it', '.empty');
  screens.set(`#/jobs/${running}`, '.cluster-plan tbody th');
  screens.set(`#/jobs/${move}`, '.chain .now');
  screens.set('#/jobs/nobody', '.empty');
  screens.set('#/migrations', '.ask');
  screens.set('#/migrations?apps=prod%2Fshop&from=east&to=west', '.planned table');
  screens.set('#/migrations?apps=shop+cart&from=east&to=nowhere', '.plan .badge.bad');
  screens.set('#/migrations/rehearsal', '.rehearsed tbody th');
});
afterAll(async () => {
  working?.stop();
  await browser?.close();
  await closeAll();
});

async function turnTo(page: Page, screen: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(screen)}`);
  // The one before has much that this one has.
  await page.evaluate('new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))');
  await page
    .locator(`main ${screens.get(screen) ?? ''}`)
    .first()
    .waitFor();
}

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  describe.each(['en', 'zh'] as const)('%s', (language) => {
    let watched: Watched;
    beforeAll(async () => {
      watched = await openPage(browser, `${working.url}/`, { theme, language });
    });
    afterAll(async () => {
      await watched?.close();
    });

    test('every screen, and the dialogs', async () => {
      const { page, faults } = watched;
      for (const screen of screens.keys()) {
        await turnTo(page, screen);
        await page.evaluate(
          'document.querySelectorAll("main details").forEach((one) => { one.open = true; })',
        );
        expect([screen, await violationsOf(page)]).toEqual([screen, []]);
      }
      await turnTo(page, `#/jobs/${move}`);
      await page.locator('main .actions button').last().click();
      await page.locator('dialog form').waitFor();
      expect(await violationsOf(page)).toEqual([]);
      await page.keyboard.press('Escape');
      expect(faults).toEqual([]);
    });
  });
});

test.each(['en', 'zh'] as const)('at 400 px nothing but tables is wider: %s', async (language) => {
  const { page, faults, close } = await openPage(browser, `${working.url}/`, {
    language,
    width: 400,
  });
  for (const screen of screens.keys()) {
    await turnTo(page, screen);
    await page.evaluate(
      'document.querySelectorAll("main details").forEach((one) => { one.open = true; })',
    );
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    const main = await page.evaluate('document.querySelector("main").scrollWidth');
    expect([screen, wide, main]).toEqual([screen, 400, 400]);
  }
  expect(faults).toEqual([]);
  await close();
});

test('a plan: asked for by the form, by its link again, and with what stands against it', async () => {
  const { page, faults, close } = await openPage(browser, `${working.url}/#/migrations`);
  const plan = page.getByRole('button', { name: 'Plan', exact: true });
  await plan.waitFor();
  expect(await plan.isDisabled()).toBe(true);
  await page.getByLabel(/^Apps/).fill('prod/shop');
  await page.getByLabel(/^From/).selectOption('east');
  await page.getByLabel(/^To/).selectOption('west');
  await page.getByLabel('Fewer pods where room is short').check();
  await page.keyboard.press('Enter');
  const view = page.getByRole('region', { name: 'The plan' });
  await view.getByText('nothing stands against it').waitFor();
  expect(plans.asked.at(-1)).toEqual({
    apps: ['prod/shop'],
    from: 'east',
    to: 'west',
    mode: 'online',
    stateful: false,
    degrade: true,
    adopt: false,
  });
  expect(new URL(page.url()).hash).toBe(
    '#/migrations?apps=prod%2Fshop&from=east&to=west&degrade=yes',
  );
  const weights = view.getByRole('region', { name: /Weights of every step/ }).getByRole('row');
  expect((await weights.allInnerTexts()).at(1)).toMatch(/now/);
  expect((await weights.allInnerTexts()).at(-1)).toMatch(/the rule/);
  await page.reload();
  await view.getByText('nothing stands against it').waitFor();
  await page
    .getByRole('checkbox', { name: 'Fewer pods where room is short', checked: true })
    .waitFor();

  await page.getByLabel(/^To/).selectOption('south');
  await page.getByLabel(/^Apps/).fill('cart');
  await plan.click();
  await view.locator('.bar').getByText('refused').waitFor();
  await view.getByRole('row').filter({ hasText: 'refuses' }).first().waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a move: its state, its gate, and on as its gate passes', async () => {
  const { page, faults, close } = await openPage(browser, `${working.url}/#/jobs/${move}`);
  const app = page.getByRole('article', { name: 'shop' });
  await app.getByText('312 of 1000 samples').first().waitFor();
  expect(await app.getByRole('listitem').filter({ hasText: 'Shift 25 %' }).count()).toBe(1);
  await app.locator('[aria-current="step"]').getByText('traffic goes over').waitFor();
  await app.getByText('Weights of every step').click();
  await app
    .getByRole('row')
    .filter({ hasText: /^\s*25 %[\s\S]*here/ })
    .waitFor();
  slow.waitAt = 'drain';
  await app.getByText('draining the source').first().waitFor();
  slow.waitAt = undefined;
  await page.locator('.bar .badge').filter({ hasText: 'done' }).waitFor();
  await app
    .getByText(/^(\d+) of \1 steps$/)
    .first()
    .waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a plan that was looked at is begun, by its digest and the cluster that the apps leave', async () => {
  slow.waitAt = 'bake';
  const { page, faults, close } = await openPage(
    browser,
    `${working.url}/#/migrations?apps=prod%2Fpay&from=east&to=west`,
  );
  await page.getByRole('button', { name: 'Begin…' }).click();
  const dialog = page.getByRole('dialog');
  const begin = dialog.getByRole('button', { name: 'Begin', exact: true });
  await begin.waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expect(await begin.isDisabled()).toBe(true);
  await dialog.getByLabel('Type east to confirm').fill('east');
  await begin.click();
  await dialog.getByRole('link', { name: /^move-pay-/ }).click();
  const app = page.getByRole('article', { name: 'pay' });
  await app.locator('[aria-current="step"]').filter({ hasText: 'baking' }).waitFor();
  slow.waitAt = undefined;
  await page.locator('.bar .badge').filter({ hasText: 'done' }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('a rehearsal: what would come back where, and what is wrong', async () => {
  const { page, close } = await openPage(browser, `${working.url}/#/migrations/rehearsal`);
  const east = page
    .locator('.rehearsed')
    .filter({ has: page.getByRole('heading', { name: /^east/ }) });
  await east.getByText('not all would come back').waitFor();
  await east
    .getByRole('row', { name: /shop/ })
    .filter({ hasText: /nightly-20260801[\s\S]*5 h[\s\S]*Passed over: nightly-20260802/ })
    .waitFor();
  await east
    .getByRole('row', { name: /cart/ })
    .filter({ hasText: /none[\s\S]*9 days/ })
    .waitFor();
  await east.getByText('takes all: rung 1').waitFor();
  await page.getByRole('button', { name: 'Rehearse now' }).click();
  await page.getByText('2 h ago').waitFor();
  await close();
});

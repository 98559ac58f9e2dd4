// Every screen in both themes and both languages: axe finds nothing, nothing of another place is asked for,
// nothing is written to the console, and nothing is wider than a telephone.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPage, startBrowser, violationsOf, type Looks, type Watched } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

let browser: Browser;
let standing: Awaited<ReturnType<typeof openStanding>>;
let beats: NodeJS.Timeout;

beforeAll(async () => {
  browser = await startBrowser();
  standing = await openStanding({ apps: 12, clusters: 4 });
  const { clusters, hear, hold } = standing;
  await hold({ kind: 'drain', app: 'cart', cluster: 'north', why: 'INC-1234: disk is full' });
  clusters[2]?.setStatus({ state: 'stale', ageSeconds: 93, reason: 'connect ECONNREFUSED' });
  clusters[0]?.set('shop', { pods: 3, hosts: ['shop.example.com'] });
  await standing.call('POST', '/api/v1/holds', { kind: 'drain', app: 'shop', why: 'all of it' });
  const refused = [{ app: 'pay', stamp: { term: 1, version: 1 }, code: 'no-memory' }];
  beats = setInterval(() => {
    hear('edge-1');
    hear('edge-2', { refused });
  }, 500);
});
afterAll(async () => {
  clearInterval(beats);
  await browser?.close();
  await closeAll();
});

/** Each with what stands there once it is whole. */
const SCREENS: Readonly<Record<string, string>> = {
  '#/': '.matters',
  '#/apps': 'table.long tbody th',
  '#/apps?search=nothing-like-it': '.empty',
  '#/apps/shop': '.changes',
  '#/apps/nobody': '.empty',
  '#/clusters': 'tbody th',
  '#/clusters/east': 'table.long tbody th',
  '#/edges': '.places article',
  '#/holds': 'tbody th',
  '#/history': '.changes',
  '#/audit': 'tbody th',
  '#/nowhere': '.empty',
};
const THEMES = ['light', 'dark'] as const;
const LANGUAGES = ['en', 'zh'] as const;

async function openScreen(screen: string, looks: Looks) {
  const watched = await openPage(browser, `${standing.url}/${screen}`, looks);
  await whole(watched.page, screen);
  return watched;
}

async function whole(page: Page, screen: string): Promise<void> {
  await page.locator(`main ${SCREENS[screen]}`).first().waitFor();
}

async function turnTo(page: Page, screen: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(screen)}`);
  // The one before has much that this one has.
  await page.evaluate('new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))');
  await whole(page, screen);
}

describe.each(THEMES)('%s', (theme) => {
  describe.each(LANGUAGES)('%s', (language) => {
    let watched: Watched;
    beforeAll(async () => {
      watched = await openScreen('#/', { theme, language });
    });
    afterAll(async () => {
      await watched?.close();
    });

    test.each(Object.keys(SCREENS))('%s', async (screen) => {
      const { page, faults } = watched;
      await turnTo(page, screen);
      expect(await page.locator('html').getAttribute('lang')).toBe(
        language === 'zh' ? 'zh-CN' : 'en',
      );
      expect(await violationsOf(page)).toEqual([]);
      expect(faults).toEqual([]);
    });

    test('the dialogs', async () => {
      const { page, faults } = watched;
      await turnTo(page, '#/clusters/east');
      await page.locator('main .actions button').click();
      await page.locator('dialog table.long tbody th').first().waitFor();
      expect(await violationsOf(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.locator('dialog kbd').first().waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(faults).toEqual([]);
      await page.keyboard.press('Escape');
    });
  });
});

test.each(LANGUAGES)('at 400 px nothing but tables is wider: %s', async (language) => {
  const { page, faults, close } = await openScreen('#/', { language, width: 400 });
  for (const screen of Object.keys(SCREENS)) {
    await turnTo(page, screen);
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    const main = await page.evaluate('document.querySelector("main").scrollWidth');
    expect([screen, wide, main]).toEqual([screen, 400, 400]);
  }
  expect(faults).toEqual([]);
  await close();
});

test('the theme and the language that a person chooses stay', async () => {
  const { page, close } = await openScreen('#/', { theme: 'light' });
  const back = (): Promise<string> =>
    page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await back();
  await page.getByLabel('Theme').selectOption('dark');
  await expect.poll(back).not.toBe(light);
  const dark = await back();
  await page.getByRole('button', { name: '切换到中文' }).click();
  await page.getByRole('heading', { name: '需要关注' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: '需要关注' }).waitFor();
  await expect.poll(back).toBe(dark);
  await close();
});

// Debian's Chromium, one for each test file, and pages in it.
//
// Comes in: where the page is, and how it is looked at. Goes out: the page, and what it did that it must not:
// requests to other places, errors. On failure: an error that says what Chromium said.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

export interface Looks {
  readonly theme?: 'light' | 'dark';
  readonly language?: 'en' | 'zh';
  readonly width?: number;
  readonly height?: number;
  /** The page's clock is the test's to turn. */
  readonly clock?: boolean;
}

export interface Watched {
  readonly page: Page;
  /** What is wrong so far: requests elsewhere, errors of the page. */
  readonly faults: readonly string[];
  readonly close: () => Promise<void>;
}

export async function startBrowser(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = ['chromium', 'chromium-browser']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error('no Chromium: run `npm run browser`, which installs it');
  return chromium.launch({ executablePath: found });
}

export async function openPage(browser: Browser, url: string, looks: Looks = {}): Promise<Watched> {
  const { theme = 'light', language = 'en', width = 1280, height = 800 } = looks;
  const context = await browser.newContext({
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    viewport: { width, height },
  });
  const page = await context.newPage();
  const faults = watch(context, page, new URL(url).origin);
  if (looks.clock) await page.clock.install();
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

function watch(context: BrowserContext, page: Page, origin: string): string[] {
  const faults: string[] = [];
  context.on('request', (request) => {
    const place = new URL(request.url());
    if (place.protocol.startsWith('http') && place.origin === origin) return;
    faults.push(`a request elsewhere: ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`an error: ${error.message}`));
  page.on('console', (message) => {
    // What the browser says of answers that are no 200: those are the page's to show.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
    faults.push(`the console: ${message.text()}`);
  });
  return faults;
}

/** What axe finds: rule, and where. */
export async function violationsOf(page: Page): Promise<string[]> {
  // Nothing here is in frames: without the page of its own that it would open for them.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary = '' }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}

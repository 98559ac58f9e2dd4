// Where the page is served from, and what stands in its URL.

import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterEach, afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, startBrowser } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

let browser: Browser;
const proxies: Server[] = [];

beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(async () => {
  for (const proxy of proxies.splice(0)) {
    proxy.closeAllConnections();
    await new Promise((done) => proxy.close(done));
  }
  await closeAll();
});
afterAll(async () => {
  await browser?.close();
});

/** Serves what is at `url` below `base`, which it takes away or leaves on. */
async function startProxy(url: string, base: string, leaves: boolean): Promise<string> {
  const proxy = createServer((incoming, answer) => {
    const path = incoming.url ?? '/';
    if (!path.startsWith(base)) {
      answer.writeHead(418).end();
      return;
    }
    const rest = leaves ? path : path.slice(base.length) || '/';
    const passed = request(`${url}${rest}`, { method: incoming.method, headers: incoming.headers });
    passed.on('response', (response) => {
      answer.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  proxies.push(proxy);
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

test('a link leads to the screen with its filters, again after a reload', async () => {
  const { url } = await openStanding({ apps: 30, clusters: 2 });
  const place = `${url}/#/apps?search=app&by=pods&down=yes&cluster=east`;
  const { page, faults, close } = await openPage(browser, place);
  const rows = page.locator('table.long tbody th');
  const first = async (): Promise<string[]> => {
    await rows.first().waitFor();
    return rows.allInnerTexts();
  };
  const before = await first();
  expect(before).toHaveLength(24);
  expect(await page.getByLabel('Name or host').inputValue()).toBe('app');
  expect(await page.getByLabel('In cluster').inputValue()).toBe('east');
  const pods = (await page.locator('table.long tbody tr td:nth-child(3)').allInnerTexts()).map(
    Number,
  );
  expect(pods).toEqual(pods.toSorted((a, b) => b - a));
  await page.reload();
  await expect.poll(first).toEqual(before);

  await page.getByRole('button', { name: 'Name' }).click();
  await expect.poll(first).toEqual(before.toSorted());
  await rows.getByRole('link').first().click();
  await page.getByRole('heading', { name: 'app-00006', level: 1 }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'app-00006', level: 1 }).waitFor();
  await page.goBack();
  await expect.poll(first).toEqual(before.toSorted());
  expect(faults).toEqual([]);
  await close();
});

test.each([
  ['takes away', '', false],
  ['leaves on', '/tools/ballast', true],
] as const)('below a base path that a proxy %s', async (_does, basePath, leaves) => {
  const { url } = await openStanding({ apps: 3, clusters: 2 }, { basePath });
  const proxy = await startProxy(url, '/tools/ballast', leaves);
  const { page, faults, close } = await openPage(browser, `${proxy}/tools/ballast/#/apps/shop`);
  await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
  await page.getByText('live', { exact: true }).first().waitFor();
  await page.getByRole('link', { name: 'Apps', exact: true }).click();
  await page.locator('table.long tbody th').first().waitFor();
  await page.reload();
  await page.locator('table.long tbody th').first().waitFor();
  await page.getByRole('link', { name: 'API' }).click();
  await page.getByRole('heading', { name: 'Ballast API v1' }).waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('without its last slash a base path leads there', async () => {
  const { url } = await openStanding({ apps: 3, clusters: 1 }, { basePath: '/tools/ballast' });
  const { page, close } = await openPage(browser, `${url}/tools/ballast#/apps/shop`);
  await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
  expect(page.url()).toBe(`${url}/tools/ballast/#/apps/shop`);
  await close();
});

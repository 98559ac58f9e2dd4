// Long lists: ten thousand apps, and a thousand over ten clusters.
//
// That it goes smoothly is held by what makes it so: the document has the rows in sight and few more, wherever
// one is, and no place that one scrolls to is empty in the frame that shows it. (Milliseconds are a benchmark's.)

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPage, startBrowser } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await closeAll();
});

/** Scrolls by many steps; each: how many rows there are, and how many pixels of the place are empty. */
const SCROLL = `async (steps) => {
  const place = document.querySelector('.scroll-long');
  const seen = [];
  for (let step = 0; step <= steps; step += 1) {
    place.scrollTop = ((place.scrollHeight - place.clientHeight) * step) / steps;
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const rows = [...place.querySelectorAll('tbody tr:not(.spacer)')].map((row) => row.getBoundingClientRect());
    const { top, bottom } = place.getBoundingClientRect();
    const head = place.querySelector('thead').getBoundingClientRect().height;
    const covered = Math.min(bottom, rows.at(-1).bottom) - Math.max(top + head, rows[0].top);
    seen.push({ rows: rows.length, empty: Math.round(bottom - top - head - covered) });
  }
  return seen;
}`;

test.each([
  { apps: 10_000, clusters: 3 },
  { apps: 1000, clusters: 10 },
])('$apps apps over $clusters clusters', async (size) => {
  const { url, clusters } = await openStanding(size);
  const { page, faults, close } = await openPage(browser, `${url}/#/apps`, { height: 900 });
  await page.getByText(`${size.apps} apps`).waitFor();
  const table = page.locator('table.long');
  expect(await table.getAttribute('aria-rowcount')).toBe(String(size.apps + 1));
  const steps = await page.evaluate<{ rows: number; empty: number }[]>(`(${SCROLL})(60)`);
  expect(Math.max(...steps.map(({ rows }) => rows))).toBeLessThan(60);
  // The last line's border.
  expect(Math.max(...steps.map(({ empty }) => empty))).toBeLessThanOrEqual(3);
  await page
    .locator('table.long tbody tr:last-child th')
    .getByText('shop', { exact: true })
    .waitFor();

  // By share in a cluster, the most first; the search is over all of them.
  await page.getByRole('button', { name: 'east' }).click();
  await page.locator('th[aria-sort="descending"]').filter({ hasText: 'east' }).waitFor();
  const name = `app-${String(size.apps - 1).padStart(5, '0')}`;
  await page.getByLabel('Name or host').fill(`${name}.example`);
  await page.getByRole('rowheader', { name }).waitFor();
  await page.getByText(`1 of ${size.apps} apps`).waitFor();

  // A change of one is shown, however many there are.
  clusters[0]?.set(name, { pods: 5000, hosts: [`${name}.example.com`] });
  await page.getByRole('cell', { name: /^5\D[01]\d\d$/ }).waitFor();
  expect(faults).toEqual([]);
  await close();
  await closeAll();
});

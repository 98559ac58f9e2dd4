// How long it takes until the page shows what there is: a browser that was never here, 1,000 apps over ten
// clusters, loopback. Server and browser share the machine.
import type { Browser } from 'playwright-core';
import { openPage, startBrowser } from '../../browser/browser.ts';
import { closeAll, openStanding } from '../../browser/standing.ts';

const FLEET = { apps: 1000, clusters: 10 };

/** Milliseconds from the call of the address to the first rows, once for each round. */
export async function viewFirst(rounds: number): Promise<number[]> {
  const browser = await startBrowser();
  try {
    const { url, hear } = await openStanding(FLEET);
    hear('edge-1');
    // The browser's own first page is slower, whatever it shows.
    await timed(browser, url);
    const samples: number[] = [];
    for (let round = 0; round < rounds; round += 1) samples.push(await timed(browser, url));
    return samples;
  } finally {
    await browser.close();
    await closeAll();
  }
}

async function timed(browser: Browser, url: string): Promise<number> {
  const { page, close } = await openPage(browser, 'about:blank');
  const began = performance.now();
  await page.goto(`${url}/#/apps`);
  await page.locator('table.long tbody th').first().waitFor();
  const took = performance.now() - began;
  await close();
  return took;
}

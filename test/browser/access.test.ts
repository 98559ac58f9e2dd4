// A token that is asked for, and callers who may do less than everything.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { accessBy, listText, tokenOf, writeList, type ListFile } from '../api/access.ts';
import { openPage, startBrowser, violationsOf } from './browser.ts';
import { closeAll, openStanding } from './standing.ts';

const ALL = {
  vic: { roles: ['viewer'] as const },
  olga: { roles: ['operator'] as const },
  eve: { roles: ['operator'] as const, clusters: ['east'] },
  none: { roles: ['edge'] as const, edges: ['edge-1'] },
};

let browser: Browser;
let list: ListFile;
let url: string;

beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(async () => {
  await closeAll();
  await list?.remove();
});
afterAll(async () => {
  await browser?.close();
});

async function openWithTokens() {
  list = await writeList(listText(ALL));
  const standing = await openStanding(
    { apps: 4, clusters: 2 },
    { access: accessBy({ tokens: list.tokens }) },
  );
  ({ url } = standing);
  standing.hear('edge-1');
  return standing;
}

async function logIn(page: Page, name: string): Promise<void> {
  await page.getByLabel('Token').fill(tokenOf(name));
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('a token is asked for, kept in this tab only, and forgotten', async () => {
  await openWithTokens();
  const { page, faults, close } = await openPage(browser, `${url}/#/apps/shop`);
  await page.getByText('The API asks for a token.').waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await logIn(page, 'somebody-else');
  await page.getByText('The token is not good').waitFor();
  await logIn(page, 'vic');
  await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
  await page.getByText('vic (viewer, read only)').waitFor();
  await page.getByText('live', { exact: true }).first().waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'shop', level: 1 }).waitFor();
  expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(tokenOf('vic'));
  const other = await page.context().newPage();
  await other.goto(`${url}/`);
  await other.getByText('The API asks for a token.').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('The API asks for a token.').waitFor();
  expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
  expect(faults).toEqual([]);
  await close();
});

test('who may only look sees no button that writes', async () => {
  const { hold } = await openWithTokens();
  await hold({ kind: 'drain', app: 'shop', cluster: 'east' }).catch(() => undefined);
  const writes = /drain|hold…|end…|revert…|adopt|delete|retire/i;
  const buttons = async (page: Page, place: string, ready: string): Promise<number> => {
    await page.goto(`${url}/${place}`);
    await page.locator(`main ${ready}`).first().waitFor();
    return page.locator('main').getByRole('button', { name: writes }).count();
  };
  const places = [
    ['#/clusters/east', 'table.long tbody th'],
    ['#/apps/shop', '.changes'],
    ['#/holds', 'h1:text-is("Holds")'],
    ['#/history', '.changes'],
  ] as const;
  for (const [name, sees] of [
    ['vic', false],
    ['olga', true],
  ] as const) {
    const { page, close } = await openPage(browser, `${url}/`);
    await logIn(page, name);
    await page.getByRole('heading', { name: 'Clusters' }).waitFor();
    for (const [place, ready] of places) {
      expect([name, place, (await buttons(page, place, ready)) > 0]).toEqual([name, place, sees]);
    }
    await close();
  }
});

test('who may write in one cluster is offered that one, and told why not elsewhere', async () => {
  await openWithTokens();
  const { page, close } = await openPage(browser, `${url}/#/clusters/east`);
  await logIn(page, 'eve');
  await page.getByRole('button', { name: 'Drain east…' }).waitFor();
  await page.goto(`${url}/#/apps/shop`);
  await page.getByRole('button', { name: 'Hold…' }).click();
  await page.getByLabel(/^Why/).fill('a try');
  // Every cluster: more than this caller's.
  const alert = page.getByRole('dialog').getByRole('alert');
  await alert.getByText('eve is not let to hold shop').waitFor();
  // An answer to what was not whole yet may have been in sight first.
  const doIt = page.getByRole('button', { name: 'Hold', exact: true });
  await until('it is not offered', () => doIt.isDisabled());
  await close();
});

test('a caller without a role to look is told so', async () => {
  await openWithTokens();
  const { page, close } = await openPage(browser, `${url}/`);
  await logIn(page, 'none');
  await page.getByRole('alert').getByText('The caller’s role does not allow this').waitFor();
  await close();
});

test('a token that is taken back ends the sight', async () => {
  await openWithTokens();
  const { page, close } = await openPage(browser, `${url}/#/edges`);
  await logIn(page, 'vic');
  await page.locator('.places article').first().waitFor();
  const stop = new AbortController();
  const following = list.tokens.follow(stop.signal);
  await list.write(listText({}));
  await until('it asks anew', () => page.getByRole('heading', { name: 'Log in' }).isVisible());
  stop.abort();
  await following;
  await close();
});

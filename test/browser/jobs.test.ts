// Jobs on the page: what they are at, as it happens, and everything that a person says to them.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessBy, listText, tokenOf, writeList } from '../api/access.ts';
import { until } from '../controlplane/until.ts';
import { stream } from '../jobs/fleet.ts';
import { openPage, startBrowser } from './browser.ts';
import { BAD, openWorking } from './standing-jobs.ts';
import { closeAll } from './standing.ts';

let browser: Browser;
let working: Awaited<ReturnType<typeof openWorking>> | undefined;

beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(async () => {
  working?.stop();
  await closeAll();
});
afterAll(async () => {
  await browser?.close();
});

const open = async (): Promise<NonNullable<typeof working>> => {
  working = await openWorking();
  return working;
};

/** The word is looked at in a dialog, said, and the dialog closed. */
async function say(page: Page, button: string, doIt: string, typed?: string): Promise<void> {
  await page.getByRole('button', { name: button, exact: true }).click();
  const dialog = page.getByRole('dialog');
  const act = dialog.getByRole('button', { name: doIt, exact: true });
  if (typed !== undefined) {
    expect(await act.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${typed} to confirm`).fill(typed);
  }
  await act.click();
  await dialog.getByText('done', { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await dialog.waitFor({ state: 'detached' });
}

const isAt = (page: Page, state: string): Promise<void> =>
  page.locator('.bar .badge').filter({ hasText: state }).waitFor();

test('a fan-out: approved, paused, resumed and aborted from the page', async () => {
  const { begin, url, written, controller, reach, weightsOf, objects } = withWeights(await open());
  setIdle(objects, true);
  const id = await begin('v2', '{order: serial, approval: before}');
  const { page, faults, close } = await openPage(browser, `${url}/#/jobs`);
  await page
    .getByRole('row', { name: new RegExp(id) })
    .filter({ hasText: /waits for approval[\s\S]*fan-out[\s\S]*shop[\s\S]*local/ })
    .waitFor();
  // The fleet says it first.
  await page.getByRole('link', { name: /^Fleet/ }).click();
  await page.getByRole('link', { name: `Job ${id}: waits for approval` }).click();
  await isAt(page, 'waits for approval');
  const sent = page.waitForRequest(/\/approve/);
  await say(page, 'Approve…', 'Approve');
  expect((await sent).postDataJSON()).toEqual({ asks: 'before' });
  // Nobody makes its pods ready: east stays held, and the gate says what it waits for.
  const east = page.getByRole('article', { name: 'east' });
  const gate = east.getByRole('listitem').filter({ hasText: 'Gate' });
  await gate.filter({ hasText: /under way[\s\S]*Waits for: Deployment shop/ }).waitFor();
  await isAt(page, 'running');
  expect(weightsOf('east')).toEqual([0, 0]);
  const holds = page.getByRole('region', { name: 'Holds' });
  await holds.getByText('cluster east').first().waitFor();
  await east
    .filter({ hasText: /Write Deployment prod\/shop[\s\S]*update Deployment prod\/shop in east/ })
    .waitFor();

  await say(page, 'Pause…', 'Pause');
  await isAt(page, 'paused');
  const before = written('west');
  await page.getByText('Paused', { exact: true }).waitFor();
  expect(weightsOf('east')).toEqual([0, 0]);
  await say(page, 'Resume…', 'Resume');
  await isAt(page, 'running');
  expect(written('west')).toBe(before);

  setIdle(objects, false);
  await say(page, 'Abort…', 'Abort', id);
  await isAt(page, 'rolled back');
  await reach(id, 'RolledBack');
  await page.getByText('It holds nothing now.').waitFor();
  await east.getByText('taken back').waitFor();
  await expect.poll(() => page.getByRole('button', { name: /…$/ }).count()).toBe(0);
  expect(controller.published()?.held.holds).toEqual([]);
  await until('east serves again', () => weightsOf('east').every((weight) => weight > 0));
  expect(faults).toEqual([]);
  await close();
});

function setIdle(objects: NonNullable<typeof working>['objects'], isIdle: boolean): void {
  for (const one of objects.values()) one.isIdle = isIdle;
}

function withWeights<Opened extends NonNullable<typeof working>>(opened: Opened) {
  const weightsOf = (cluster: string): number[] =>
    (opened.controller.published()?.app('shop')?.upstream.servers ?? [])
      .filter(({ from }) => from === cluster)
      .map(({ weight }) => weight);
  return { ...opened, weightsOf };
}

test('a step that failed is retried and skipped; what would not fit says why', async () => {
  const { begin, url, reach } = await open();
  const id = await begin(BAD, '{order: serial, deadline: 1s}');
  await reach(id, 'Paused');
  const { page, faults, close } = await openPage(browser, `${url}/#/jobs/${id}`);
  await page.locator('.reason').filter({ hasText: 'gate east' }).waitFor();
  const gate = page
    .getByRole('article', { name: 'east' })
    .getByRole('listitem')
    .filter({ hasText: 'Gate' });
  await gate.filter({ hasText: 'failed' }).waitFor();
  await say(page, 'Retry… gate east', 'Retry');
  await gate.filter({ hasText: /failed[\s\S]*attempt 2/ }).waitFor();
  await say(page, 'Skip… gate east', 'Skip', id);
  await gate.filter({ hasText: /skipped/ }).waitFor();
  await page.getByRole('article', { name: 'west' }).filter({ hasText: 'failed' }).waitFor();
  const pause = page.getByRole('button', { name: 'Pause…' });
  await until('it may be paused', () => pause.isEnabled());
  await say(page, 'Abort…', 'Abort', id);
  await isAt(page, 'rolled back');
  expect(faults).toEqual([]);
  await close();
});

test('a job whose gate passes is followed to its end without a look at anything else', async () => {
  const { begin, url } = await open();
  const id = await begin('v2');
  const { page, faults, close } = await openPage(browser, `${url}/#/jobs/${id}`);
  await isAt(page, 'done');
  await page
    .locator('.facts')
    .getByText(/^(\d+) of \1 steps/)
    .waitFor();
  const plan = page.getByRole('region', { name: 'The plan' });
  // The new cluster gets all of it.
  await plan
    .locator('.cluster-plan')
    .filter({ hasText: /north[\s\S]*3 created, 0 changed, 0 deleted/ })
    .waitFor();
  const deployment = plan
    .locator('.cluster-plan')
    .filter({ hasText: 'east' })
    .getByRole('row', { name: /Deployment prod\/shop/ })
    .filter({ hasText: /change/ });
  await deployment.getByText(/difference/).click();
  await deployment.getByText(/"v1" → "v2"/).waitFor();
  await page.reload();
  await isAt(page, 'done');
  expect(faults).toEqual([]);
  await close();
});

test('filters stand in the URL; a job that is none says so', async () => {
  const { begin, url, reach } = await open();
  const id = await begin('v2');
  await reach(id, 'Done');
  const other = await begin(BAD, '{order: serial}');
  const { page, close } = await openPage(browser, `${url}/#/jobs?show=ended`);
  const rows = page.locator('table.long tbody th');
  await expect.poll(() => rows.allInnerTexts()).toEqual([id]);
  await page.getByLabel('Show').selectOption('open');
  await until('the other', async () => (await rows.allInnerTexts()).join() === other);
  await page.reload();
  await until('still the other', async () => (await rows.allInnerTexts()).join() === other);
  await page.getByLabel('Job, app or cluster').fill('nothing like it');
  await page.getByText('No job fits.').waitFor();
  await page.goto(`${url}/#/apps/shop`);
  await page.getByRole('link', { name: new RegExp(`^Job ${other}: `) }).click();
  await page.getByRole('heading', { name: other, level: 1 }).waitFor();
  await page.goto(`${url}/#/jobs/nobody-0000`);
  await page.getByText('There is no such job').waitFor();
  await close();
});

test('what a step waits for before it begins stands there too', async () => {
  const { begin, url, stop } = await open();
  const always = "[{from: '00:00', to: '12:00'}, {from: '12:00', to: '00:00'}]";
  const id = await begin('v2', `{order: serial, closedHours: ${always}}`);
  const { page, close } = await openPage(browser, `${url}/#/jobs/${id}`);
  await page.locator('.waits').filter({ hasText: 'hold east: closed' }).waitFor();
  await page.goto(`${url}/#/jobs`);
  await page
    .getByRole('row', { name: new RegExp(id) })
    .filter({ hasText: 'closed' })
    .waitFor();
  stop();
  await close();
});

test('a job that nobody here understands is shown as it stands', async () => {
  const { jobs, url, reach } = await open();
  const draft = { name: 'later', apps: ['pay'], clusters: ['east'], plan: {}, planDigest: '' };
  const { id } = await jobs.create({ ...draft, kind: 'migration', who: 'ann' });
  await reach(id, 'Blocked');
  const { page, faults, close } = await openPage(browser, `${url}/#/jobs/${id}`);
  await isAt(page, 'blocked');
  await page.getByText('nobody knows jobs of kind migration').waitFor();
  await page.getByText('No step was begun yet.').waitFor();
  expect(faults).toEqual([]);
  await close();
});

test('by keyboard alone: the list, the job, a word, its name typed', async () => {
  const { begin, url, reach, objects } = await open();
  setIdle(objects, true);
  const id = await begin('v2', '{order: serial}');
  const { page, faults, close } = await openPage(browser, `${url}/#/`);
  await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('j');
  await page.locator('table.long tbody th').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await isAt(page, 'running');
  await page.getByRole('button', { name: 'Abort…' }).waitFor();
  for (let step = 0; step < 60; step += 1) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate('document.activeElement.textContent')) === 'Abort…') break;
  }
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.type(id);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByText('done', { exact: true }).waitFor();
  setIdle(objects, false);
  await page.keyboard.press('Escape');
  await reach(id, 'RolledBack');
  expect(faults).toEqual([]);
  await close();
});

test('who may only look sees everything and no button; who runs jobs elsewhere neither', async () => {
  const list = await writeList(
    listText({
      vic: { roles: ['viewer'] },
      mia: { roles: ['migrator'], clusters: ['east'] },
      max: { roles: ['migrator'] },
    }),
  );
  working = await openWorking({ access: accessBy({ tokens: list.tokens }) });
  const { url, call, objects } = working;
  setIdle(objects, true);
  const files = [{ name: 'a.yaml', text: stream('v2') }];
  const max = { authorization: `Bearer ${tokenOf('max')}` };
  const begun = await call('POST', '/api/v1/fanouts', { files }, max);
  expect(begun).toMatchObject({ status: 201 });
  const { id } = begun.json;
  for (const [name, sees] of [
    ['vic', false],
    ['mia', false],
    ['max', true],
  ] as const) {
    const { page, close } = await openPage(browser, `${url}/#/jobs/${id}`);
    await page.getByLabel('Token').fill(tokenOf(name));
    await page.getByRole('button', { name: 'Log in' }).click();
    await isAt(page, 'running');
    const isReader = await page.getByText('read only').count();
    expect([name, isReader]).toEqual([name, name === 'vic' ? 1 : 0]);
    await page.getByRole('article', { name: 'east' }).getByText('Waits for').waitFor();
    const buttons = await page.locator('main').getByRole('button', { name: /…/ }).count();
    expect([name, buttons > 0]).toEqual([name, sees]);
    await close();
  }
  await list.remove();
});

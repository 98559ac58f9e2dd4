// Who may ask for which plan, and what a plan that is refused answers: a plan.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Migrations } from '../../src/migration/migrations.ts';
import type { PlanRequest } from '../../src/migration/plan/model.ts';
import { planMigration } from '../../src/migration/plan/plan.ts';
import { world } from '../migration/plan/plan-world.ts';
import { accessBy, listText, tokenOf, writeList, type ListFile } from './access.ts';
import { NO_MIGRATIONS } from './no-migrations.ts';
import { closeAll, openApi } from './open-api.ts';

let list: ListFile;
beforeAll(async () => {
  list = await writeList(
    listText({
      all: { roles: ['migrator'] },
      narrow: { roles: ['migrator'], apps: ['sh*'], clusters: ['east', 'west'] },
      east: { roles: ['migrator'], clusters: ['east'] },
      viewer: { roles: ['viewer'] },
    }),
  );
});
afterEach(closeAll);
afterAll(() => list.remove());

const asked: PlanRequest[] = [];
const migrations: Migrations = {
  ...NO_MIGRATIONS,
  plan: async (request) => {
    asked.push(request);
    return planMigration(request, world());
  },
};

async function start() {
  const access = accessBy({ tokens: list.tokens });
  const { call } = await openApi({}, { access, migrations });
  return (name: string, method: 'GET' | 'POST', path: string, body?: object) =>
    call(method, `/api/v1/migrations/${path}`, body, { authorization: `Bearer ${tokenOf(name)}` });
}

const SHOP = { apps: ['prod/shop'], from: 'east', to: 'west' };

test('a migrator within its apps and both clusters; nobody else, and nothing is read for them', async () => {
  const as = await start();
  asked.length = 0;
  expect((await as('all', 'POST', 'plan', SHOP)).status).toBe(200);
  expect((await as('narrow', 'POST', 'plan', SHOP)).status).toBe(200);
  expect(asked).toHaveLength(2);
  const code = async (...call: Parameters<typeof as>): Promise<string> =>
    (await as(...call)).json.code;
  expect(await code('narrow', 'POST', 'plan', { ...SHOP, apps: ['shop', 'sh/news'] })).toBe(
    'app-unknown',
  );
  expect(await code('east', 'POST', 'plan', SHOP)).toBe('cluster-unknown');
  expect(await code('viewer', 'POST', 'plan', SHOP)).toBe('role-missing');
  expect(await code('narrow', 'POST', 'rehearse')).toBe('out-of-scope');
  expect(asked).toHaveLength(2);
});

test('what is left out is the careful choice; a refusal is an answer', async () => {
  const as = await start();
  asked.length = 0;
  const { status, json } = await as('all', 'POST', 'plan', {
    ...SHOP,
    apps: ['shop'],
    to: 'south',
  });
  expect([status, json.ok]).toEqual([200, false]);
  expect(json.findings.map(({ code }: { code: string }) => code)).toContain('no-destination');
  const careful = { mode: 'online', stateful: false, degrade: false, adopt: false };
  expect(asked).toEqual([{ ...careful, apps: ['shop'], from: 'east', to: 'south' }]);
});

test('a body that is none, and the last rehearsal before there was one', async () => {
  const as = await start();
  const bad = async (body: object): Promise<unknown> =>
    (await as('all', 'POST', 'plan', body)).json.code;
  expect(await bad({ apps: ['shop'], from: 'east' })).toBe('request-invalid');
  expect(await bad({ ...SHOP, mode: 'quick' })).toBe('request-invalid');
  expect(await bad({ ...SHOP, force: true })).toBe('request-invalid');
  const { status, json } = await as('viewer', 'GET', 'rehearsal');
  expect([status, json.code]).toEqual([404, 'not-found']);
});

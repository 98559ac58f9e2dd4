// Two controllers behind TLS and tokens: what is written at the one that stands by is the leader's to do, in
// the name of who called.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listText, tokenOf } from '../api/access.ts';
import { until } from '../controlplane/until.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { startBallast, type TestBallast } from './ballast.ts';

// As pods are: called by addresses that no certificate names.
const serverName = 'ballast.fleet.svc';
const certificate = createCertificate('api', { names: [serverName] });
const agent = new Agent({ connect: { ca: certificate.cert, servername: serverName } });
let folder: string;
let redis: TestRedis;
const pair: TestBallast[] = [];

async function start(name: string): Promise<TestBallast> {
  const own = join(folder, name);
  await mkdir(own);
  const file = (path: string) => join(folder, path);
  const ballast = await startBallast(own, {
    environment: 'pair',
    redis: { url: redis.url },
    api: {
      listen: '127.0.0.2:0',
      tokens: file('access.yaml'),
      tls: { cert: file('tls.crt'), key: file('tls.key') },
      forward: { key: { file: file('forward.key') }, ca: file('tls.crt'), serverName },
    },
  });
  pair.push(ballast);
  return ballast;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-pair-'));
  redis = await startRedis({});
  const files = {
    'access.yaml': listText({ alice: { roles: ['operator'] }, bob: { roles: ['viewer'] } }),
    'forward.key': 'k'.repeat(40),
    'tls.crt': certificate.cert,
    'tls.key': certificate.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(async () => {
  for (const ballast of pair) await ballast.kill('SIGTERM');
  await redis?.close();
  await agent.close();
  await rm(folder, { recursive: true });
});

async function call(ballast: TestBallast, name: string, path: string, body?: object) {
  const answer = await request(`${ballast.url}/api/v1/${path}`, {
    method: body ? 'POST' : 'GET',
    dispatcher: agent,
    headers: {
      authorization: `Bearer ${tokenOf(name)}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json = (await answer.body.json()) as Record<string, unknown>;
  return { status: answer.statusCode, json };
}

const phaseOf = async (ballast: TestBallast): Promise<string> => {
  const { json } = await call(ballast, 'bob', 'edges');
  return (json['leader'] as { readonly phase: string }).phase;
};

test('a write at the standby is made by the leader, in the caller’s name', async () => {
  const leader = await start('one');
  await until('one leads', async () => (await phaseOf(leader)) === 'leading');
  const standby = await start('two');
  await until('two stands by', async () => (await phaseOf(standby)).startsWith('standby'));
  const hold = { kind: 'freeze', app: 'shop', why: 'x' };
  const refused = await call(standby, 'bob', 'holds', hold);
  expect([refused.status, refused.json['code']]).toEqual([403, 'role-missing']);
  const made = await call(standby, 'alice', 'holds', hold);
  expect([made.status, made.json['ids']]).toEqual([201, [expect.stringMatching(/^h-/)]]);
  const { json } = await call(leader, 'bob', 'holds');
  expect(json['items']).toMatchObject([{ app: 'shop', who: 'alice' }]);
  const client = new Redis(redis.url);
  const audit = JSON.stringify(await client.xrange('{ballast:pair}:audit', '-', '+'));
  client.disconnect();
  expect(audit).toContain('alice');
  for (const ballast of pair) expect(ballast.log()).not.toContain(tokenOf('alice'));
});

// A whole controller behind TLS and tokens: who may call, and that no secret stands in a log or an answer.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashText } from '../api/access.ts';
import { until } from '../controlplane/until.ts';
import { startRedis, type TestRedis } from '../lua/redis.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { runBallast, startBallast, type TestBallast } from './ballast.ts';

const planted = (name: string) => `planted-${name}-${'s'.repeat(32)}`;
const SECRETS = ['admin', 'wrong', 'forward', 'push', 'query'].map(planted);
const certificate = createCertificate('api');
const agent = new Agent({ connect: { ca: certificate.cert } });
let folder: string;
let redis: TestRedis;
let ballast: TestBallast;

const config = () => ({
  environment: 'access',
  redis: { url: redis.url },
  edges: [{ name: 'edge-1', control: 'http://127.0.0.1:9', token: { file: 'push.token' } }],
  api: {
    listen: '127.0.0.1:0',
    basePath: '/ballast',
    tokens: 'access.yaml',
    tls: { cert: 'tls.crt', key: 'tls.key' },
    forward: { key: { file: 'forward.key' } },
  },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-access-'));
  redis = await startRedis({});
  const list = {
    tokens: [{ name: 'root', hash: hashText(planted('admin')), roles: ['admin'] }],
  };
  const files = {
    'access.yaml': JSON.stringify(list),
    'push.token': planted('push'),
    'forward.key': planted('forward'),
    'tls.crt': certificate.cert,
    'tls.key': certificate.key,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  ballast = await startBallast(folder, config());
});
afterAll(async () => {
  await ballast?.kill('SIGTERM');
  await redis?.close();
  await agent.close();
  await rm(folder, { recursive: true });
});

async function call(path: string, token?: string, method: 'GET' | 'POST' | 'DELETE' = 'GET') {
  const answer = await request(`${ballast.url}${path}`, {
    method,
    dispatcher: agent,
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, text: `${JSON.stringify(answer.headers)}${text}` };
}

test('by TLS, with a token, also below the base path; without one only what probes need', async () => {
  expect(ballast.url).toMatch(/^https:/);
  expect((await call('/livez')).status).toBe(200);
  for (const path of ['/api/v1/apps', '/ballast/api/v1/apps', '/metrics']) {
    expect([path, (await call(path)).status]).toEqual([path, 401]);
    expect([path, (await call(path, planted('admin'))).status]).toEqual([path, 200]);
  }
  expect((await call('/ballastapi/v1/apps', planted('admin'))).status).toBe(404);
});

test('no secret stands in the log or in an answer', async () => {
  await until('it has knocked at the edge', async () => {
    const { text } = await call('/api/v1/edges', planted('admin'));
    return text.includes('no word yet from edge-1');
  });
  const paths = ['/livez', '/readyz', '/metrics', '/api/v1/nothing', '/api/v1/holds/%ZZ'];
  for (const kind of ['apps', 'clusters', 'edges', 'vms', 'upstreams', 'weights', 'holds']) {
    paths.push(`/api/v1/${kind}`, `/api/v1/${kind}/x`, `/api/v1/${kind}?token=${planted('query')}`);
  }
  let all = '';
  for (const path of paths) {
    for (const token of [undefined, planted('admin'), planted('wrong')]) {
      for (const method of ['GET', 'POST', 'DELETE'] as const) {
        all += (await call(path, token, method)).text;
      }
    }
  }
  all += ballast.log();
  expect(all).toContain('a problem was answered');
  const key = certificate.key.split('\n')[1] ?? '';
  for (const secret of [...SECRETS, key, hashText(planted('admin')).slice(7)]) {
    expect(all.includes(secret), secret).toBe(false);
  }
});

test('what is wrong with a file ends the start with file, line and key, and without its contents', async () => {
  const wrong = async (name: string, text: string, expected: string) => {
    const { api, ...more } = config();
    const key = name.endsWith('yaml') ? { tokens: name } : { forward: { key: { file: name } } };
    await writeFile(join(folder, name), text);
    await writeFile(
      join(folder, 'wrong.yaml'),
      JSON.stringify({ ...more, api: { ...api, ...key } }),
    );
    const { code, errors } = await runBallast(join(folder, 'wrong.yaml'));
    expect(code).toBe(2);
    expect(errors).toContain(expected);
    expect(errors).not.toContain(text.slice(0, 12));
  };
  await wrong('short.key', 'planted-short', 'api.forward.key.file: ');
  const list = 'tokens:\n  - {name: a, hash: planted-token, roles: [viewer]}';
  await wrong(
    'bad.yaml',
    list.replace('tokens:', '# planted-list\ntokens:'),
    'bad.yaml:3: tokens[0].hash',
  );
});

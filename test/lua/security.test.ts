import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as secureRequest } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { request } from 'undici';
import { freePorts } from '../controlplane/ports.ts';
import { createCertificate, type Certificate } from '../simulated/certificate.ts';
import { startEdge, type TestEdge } from './edge.ts';
import { bodyOf } from './leader.ts';

// No Redis listens here: the endpoint is asked about itself.
const redisUrl = 'redis://127.0.0.1:1';
const server = (listen: string, rest = ''): string =>
  `server { listen ${listen}; ${rest} location / { content_by_lua_block { ballast.control() } } }`;
const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
const tokens = { read: 'r'.repeat(20), write: 'w'.repeat(20), push: 'p'.repeat(20) };

let edge: TestEdge | undefined;
let trusted: Certificate;
let unknown: Certificate;

beforeAll(() => {
  trusted = createCertificate('controller', { by: 'client' });
  unknown = createCertificate('stranger', { by: 'client' });
});

afterEach(async () => {
  await edge?.close();
  edge = undefined;
});

async function start(options: object): Promise<TestEdge> {
  edge = await startEdge({ redisUrl, workers: 1, ...options });
  return edge;
}

async function ask(url: string, headers: Record<string, string> = {}) {
  const reply = await request(url, { headers });
  return { status: reply.statusCode, json: (await reply.body.json()) as { code?: string } };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('no default secret: the files as they come hold none, and serve loopback alone', async () => {
  const { control } = await start({});
  expect((await ask(`${control}/v1/state`)).status).toBe(200);
  for (const word of ['admin', 'test', 'password', 'ballast'])
    expect((await ask(`${control}/v1/state`, bearer(word))).status).toBe(200);
  expect(control).toContain('127.0.0.1');
});

// A machine with loopback alone has no such address: access_spec.lua holds the same everywhere.
const outsideTest = outside === undefined ? () => {} : test;

outsideTest(
  'without tokens another address than loopback is refused, for every call, and the log says so',
  async () => {
    const [other = 0] = await freePorts(1);
    const edge = await start({ http: server(`${outside}:${other}`) });
    for (const path of ['/v1/state', '/metrics', '/ready', '/nothing']) {
      const { status, json } = await ask(`http://${outside}:${other}${path}`);
      expect([path, status, json.code]).toEqual([path, 403, 'tokens-missing']);
    }
    const put = await request(`http://${outside}:${other}/v1/upstreams/a`, {
      method: 'PUT',
      body: bodyOf('a', {}),
    });
    expect(put.statusCode).toBe(403);
    await put.body.dump();
    expect(await edge.errorLog()).toContain(`not ${outside}:${other}`);
  },
);

outsideTest('with tokens it is served there, to a token', async () => {
  const [other = 0] = await freePorts(1);
  await start({ tokens, http: server(`${outside}:${other}`) });
  const url = `http://${outside}:${other}/v1/state`;
  expect((await ask(url)).status).toBe(401);
  expect((await ask(url, bearer(tokens.read))).status).toBe(200);
});

test('a control URL that is not loopback stops the start where there are no tokens', async () => {
  const control = 'http://10.0.0.9:9145';
  await expect(start({ control })).rejects.toThrow(/control: "http:\/\/10\.0\.0\.9:9145"/);
  const named = 'http://127.example.com:9145';
  await expect(start({ control: named })).rejects.toThrow('127.example.com:9145" is not loopback');
  const guarded = await start({ control, tokens });
  expect(await guarded.state()).toMatchObject({ control });
});

test('a web page on this machine is refused: by its Origin, or by a name that leads here', async () => {
  const { control } = await start({});
  const own = new URL(control).host;
  const status = async (headers: Record<string, string>) =>
    (await ask(`${control}/v1/state`, headers)).status;
  expect(await status({ origin: 'http://evil.example' })).toBe(403);
  expect(await status({ host: 'evil.example' })).toBe(403);
  for (const host of [own, 'localhost', '[::1]']) expect(await status({ host })).toBe(200);
});

test('a client certificate that nginx has verified stands for a token; another does not', async () => {
  const [secure = 0] = await freePorts(1);
  const own = createCertificate('edge');
  const files = await certificateFiles(own, trusted);
  try {
    const rest = `ssl_certificate ${files.cert}; ssl_certificate_key ${files.key};
      ssl_client_certificate ${files.clients}; ssl_verify_client optional;`;
    const address = outside ?? '127.0.0.1';
    await start({ http: server(`${address}:${secure} ssl`, rest) });
    const status = (shown?: Certificate) => secureStatus(address, secure, shown);
    expect(await status(trusted)).toBe(200);
    // nginx itself refuses a wrong one; one that shows none comes as far as Ballast.
    expect(await status(unknown)).toBe(400);
    if (outside !== undefined) expect(await status()).toBe(403);
  } finally {
    await files.remove();
  }
});

test('a token is compared whole: a beginning, an end, another case and a longer one are unknown', async () => {
  const secret = 'Correct-Horse-Battery';
  const { control } = await start({ tokens: { read: secret } });
  const status = async (token: string) => (await ask(`${control}/v1/state`, bearer(token))).status;
  expect(await status(secret)).toBe(200);
  const wrong = [
    secret.slice(0, -1),
    secret.slice(1),
    `${secret}x`,
    secret.toLowerCase(),
    `X${secret.slice(1)}`,
    `${secret.slice(0, -1)}X`,
  ];
  for (const token of wrong) expect([token, await status(token)]).toEqual([token, 401]);
});

test('where only a push token is configured, no other kind opens anything', async () => {
  const { control } = await start({ tokens: { push: tokens.push } });
  expect((await ask(`${control}/v1/state`, bearer(tokens.push))).status).toBe(200);
  for (const token of [tokens.read, tokens.write])
    expect((await ask(`${control}/v1/state`, bearer(token))).status).toBe(401);
});

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const manyServers = Array.from({ length: 20_001 }, (_, i) => ({
  address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:80`,
  from: 'east',
  weight: 1,
}));
const limits = [
  ['depth', `{"app":"a","hosts":${nested(40)}}`, /nested too deeply/],
  ['name', bodyOf('a'.repeat(64), {}, []), /^app: longer than 63/],
  ['host', bodyOf('a', {}, [`${'a'.repeat(60)}.`.repeat(5).slice(0, -1)]), /^hosts\[0\]: /],
  ['label', bodyOf('a', {}, [`${'a'.repeat(64)}.example`]), /^hosts\[0\]: /],
  ['servers', bodyOf('a', {}).replace('[]}', `${JSON.stringify(manyServers)}}`), /^servers: more/],
  ['bytes', `"${'x'.repeat(5 * 1024 * 1024)}"`, /^body: longer than 4194304 bytes/],
] as const;

test.each(limits)('a body over the limit (%s) is refused, with its place', async (_, body, why) => {
  const edge = await start({});
  for (const [method, path] of [
    ['POST', '/v1/validate'],
    ['PUT', '/v1/upstreams/a'],
  ] as const) {
    const { status, json } = await edge.call(method, path, body);
    expect([status, json]).toEqual([400, { code: 'bad', detail: expect.stringMatching(why) }]);
  }
});

test('a call over client_max_body_size is told so, and nesting in a batch is bounded too', async () => {
  const edge = await start({});
  const large = 'x'.repeat(65 * 1024 * 1024);
  expect(await edge.call('POST', '/v1/upstreams', large)).toMatchObject({
    status: 413,
    json: { code: 'too-large', detail: expect.stringContaining('client_max_body_size') },
  });
  const deep = `{"term":1,"documents":${nested(40)}}`;
  expect(await edge.call('POST', '/v1/upstreams', deep)).toMatchObject({
    status: 400,
    json: { code: 'bad', detail: expect.stringContaining('nested too deeply') },
  });
});

interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly clients: string;
  remove(): Promise<void>;
}

async function certificateFiles(own: Certificate, client: Certificate): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-certificates-'));
  const place = (name: string): string => join(folder, name);
  await writeFile(place('cert.pem'), own.cert);
  await writeFile(place('key.pem'), own.key);
  await writeFile(place('clients.pem'), client.cert);
  return {
    cert: place('cert.pem'),
    key: place('key.pem'),
    clients: place('clients.pem'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function secureStatus(host: string, at: number, shown?: Certificate): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = secureRequest(
      { host, port: at, path: '/v1/state', rejectUnauthorized: false, agent: false, ...shown },
      (reply) => {
        reply.resume();
        resolve(reply.statusCode);
      },
    );
    call.once('error', reject);
    call.end();
  });
}

// Credentials that expire, rotate, hang or are refused, against a server that counts.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { type ClusterOptions, SimulatedCluster } from '../simulated/cluster.ts';
import { type LinkWorld, makeFolder, openLink, type TestLink } from './open-link.ts';

async function cluster(options: Partial<ClusterOptions> = {}): Promise<SimulatedCluster> {
  const simulated = await new SimulatedCluster({ name: 'east', ...options }).start();
  onTestFinished(() => simulated.stop());
  return simulated;
}

/** Notes each run and what it was told, then goes on as `body` says. */
async function plugin(folder: string, body: string): Promise<void> {
  const script = `#!/bin/sh
echo run >> "${folder}/runs"
printf '%s' "$KUBERNETES_EXEC_INFO" > "${folder}/info"
printf '%s' "$GIVEN $*" > "${folder}/given"
${body}
`;
  await writeFile(join(folder, 'plugin.sh'), script);
  await chmod(join(folder, 'plugin.sh'), 0o755);
}

/** Prints the token that stands in the file `token`. */
const PRINT = (folder: string, expiry = '') => `cat <<END
{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
"status":{"token":"$(cat "${folder}/token")"${expiry && `,"expirationTimestamp":"${expiry}"`}}}
END`;

async function runs(folder: string): Promise<number> {
  const text = await readFile(join(folder, 'runs'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

interface More {
  readonly exec?: Record<string, unknown>;
  readonly server?: string;
  /** The CA stands in `ca.crt`. */
  readonly caFile?: boolean;
}

function linkBy(
  simulated: SimulatedCluster,
  folder: string,
  world: LinkWorld = {},
  more: More = {},
) {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin.sh',
    args: ['get-token', 'east'],
    env: [{ name: 'GIVEN', value: 'by the file' }],
    ...more.exec,
  };
  return openLink(
    simulated.api.kubeconfig(),
    ({ users, clusters }) => {
      for (const entry of users) entry.user = { exec };
      for (const { cluster } of more.caFile ? clusters : []) {
        delete cluster['certificate-authority-data'];
        cluster['certificate-authority'] = 'ca.crt';
      }
      if (more.server === undefined) return;
      for (const entry of clusters) {
        entry.cluster = { server: more.server, 'insecure-skip-tls-verify': true };
      }
    },
    { ...world, folder },
  );
}

const many = async (link: TestLink, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, () => link.status()));

test('200 calls over HTTP/2, one after the other and all at once: at most 2 connections', async () => {
  const simulated = await cluster();
  // A link that is busy is not taken for a dead one.
  const limits = { pingMs: 60_000, headersMs: 60_000, connectMs: 60_000 };
  const link = await openLink(simulated.api.kubeconfig(), () => undefined, { limits });
  expect(new Set(await many(link, 200))).toEqual(new Set([200]));
  expect(simulated.api.connections().accepted).toBeLessThanOrEqual(2);
  for (let calls = 0; calls < 200; calls++) expect(await link.status()).toBe(200);
  expect(simulated.api.connections().accepted).toBeLessThanOrEqual(2);
  expect(link.http2).toBe(true);
});

test('a plugin without expiry runs once for many calls; on 401 once more', async () => {
  const simulated = await cluster();
  const folder = await makeFolder();
  await plugin(folder, PRINT(folder));
  await writeFile(join(folder, 'token'), simulated.api.token);
  const link = await linkBy(simulated, folder);
  expect(new Set(await many(link, 20))).toEqual(new Set([200]));
  expect(await runs(folder)).toBe(1);

  simulated.api.tokens.clear();
  simulated.api.tokens.add('second');
  await writeFile(join(folder, 'token'), 'second');
  expect(new Set(await many(link, 20))).toEqual(new Set([401]));
  expect(new Set(await many(link, 20))).toEqual(new Set([200]));
  expect(await runs(folder)).toBe(2);
});

test('a late 401 of an old credential does not spend the new one', async () => {
  const folder = await makeFolder();
  await plugin(folder, PRINT(folder));
  await writeFile(join(folder, 'token'), 'first');
  const late = Promise.withResolvers<void>();
  const server = createServer((req, res) => {
    const code = req.headers.authorization === 'Bearer first' ? 401 : 200;
    void (req.url === '/late' ? late.promise : Promise.resolve()).then(() =>
      res.writeHead(code).end(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = await linkBy(await cluster(), folder, {}, { server: url });
  const first = link.status('/late');
  expect(await link.status('/a')).toBe(401);
  await writeFile(join(folder, 'token'), 'second');
  expect(await link.status('/a')).toBe(200);
  late.resolve();
  expect(await first).toBe(401);
  expect(await link.status('/a')).toBe(200);
  expect(await runs(folder)).toBe(2);
});

test('a plugin is given its arguments and variables', async () => {
  const simulated = await cluster();
  const folder = await makeFolder();
  await plugin(folder, PRINT(folder));
  await writeFile(join(folder, 'token'), simulated.api.token);
  const link = await linkBy(simulated, folder);
  expect(await link.status()).toBe(200);
  expect(await readFile(join(folder, 'given'), 'utf8')).toBe('by the file get-token east');
  expect(await told(folder)).toEqual({ interactive: false });
});

async function told(folder: string): Promise<unknown> {
  const info = JSON.parse(await readFile(join(folder, 'info'), 'utf8')) as { spec: unknown };
  expect(info).toMatchObject({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
  });
  return info.spec;
}

test.each(['in the file', 'in a file of its own'])(
  'a plugin that asks for it is told of its cluster, the CA %s',
  async (place) => {
    const simulated = await cluster();
    const folder = await makeFolder();
    await plugin(folder, PRINT(folder));
    await writeFile(join(folder, 'token'), simulated.api.token);
    await writeFile(join(folder, 'ca.crt'), simulated.api.ca);
    const exec = { provideClusterInfo: true };
    const link = await linkBy(simulated, folder, {}, { exec, caFile: place !== 'in the file' });
    expect(await link.status()).toBe(200);
    expect(await told(folder)).toEqual({
      interactive: false,
      cluster: {
        server: simulated.api.url,
        'certificate-authority-data': Buffer.from(simulated.api.ca).toString('base64'),
      },
    });
  },
);

test('a credential is used until it expires', async () => {
  const simulated = await cluster();
  const folder = await makeFolder();
  await plugin(folder, PRINT(folder, '2030-01-01T13:00:00+01:00'));
  await writeFile(join(folder, 'token'), simulated.api.token);
  let now = '2030-01-01T11:59:59Z';
  const link = await linkBy(simulated, folder, { wall: () => new Date(now) });
  expect(await link.status()).toBe(200);
  expect(await link.status()).toBe(200);
  expect(await runs(folder)).toBe(1);
  now = '2030-01-01T12:00:00Z';
  expect(await link.status()).toBe(200);
  expect(await runs(folder)).toBe(2);
});

test('a plugin that hangs is killed with what it started, said, and run again later', async () => {
  const simulated = await cluster();
  const folder = await makeFolder();
  await plugin(folder, `sleep 1000 & echo $! > "${folder}/child"; wait`);
  await writeFile(join(folder, 'token'), simulated.api.token);
  // Long enough for the plugin to begin, on a busy machine too.
  const link = await linkBy(simulated, folder, { limits: { credentialsMs: 3000 } });
  await expect(link.status()).rejects.toThrow(/plugin .*plugin\.sh: did not answer in time/);
  const child = Number(await readFile(join(folder, 'child'), 'utf8'));
  await until('its child is gone', () => isGone(child));
  await plugin(folder, PRINT(folder));
  expect(await link.status()).toBe(200);
});

test('a link that closes ends the run under way', async () => {
  const simulated = await cluster();
  const folder = await makeFolder();
  await plugin(folder, `echo $$ > "${folder}/self"; sleep 1000`);
  const link = await linkBy(simulated, folder);
  const call = link.status().catch((error: unknown) => String(error));
  const self = await until('it runs', async () =>
    Number(await readFile(join(folder, 'self'), 'utf8')),
  );
  await link.close();
  expect(await call).toMatch(/was stopped/);
  await until('it is gone', () => isGone(self));
});

/** A zombie that nobody waits for has ended too. */
async function isGone(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat === '' || /\) Z /.test(stat);
}

test.each([
  ['exit 3', /ended with 3: no profile$/, 'echo "no profile" >&2; echo "usage" >&2; exit 3'],
  ['no JSON', /printed no JSON$/, 'echo secret-token'],
  [
    'no credential',
    /neither token nor certificate/,
    'echo \'{"kind":"ExecCredential","status":{}}\'',
  ],
  ['another kind', /no ExecCredential/, 'echo \'{"kind":"Status","status":{}}\''],
  [
    'no time',
    /is no time/,
    'echo \'{"kind":"ExecCredential","status":{"token":"a","expirationTimestamp":"soon"}}\'',
  ],
])('%s is said in words, without what it printed', async (_, words, body) => {
  const simulated = await cluster();
  const folder = await makeFolder();
  await plugin(folder, body);
  const link = await linkBy(simulated, folder);
  const said = await link.status().catch((error: unknown) => String(error));
  expect(said).toMatch(words);
  expect(said).not.toContain('secret-token');
});

test('a plugin that is not there names its install hint', async () => {
  const simulated = await cluster();
  const folder = await makeFolder();
  const link = await linkBy(
    simulated,
    folder,
    {},
    { exec: { installHint: 'get it from the vendor' } },
  );
  await expect(link.status()).rejects.toThrow(/is not there; get it from the vendor/);
});

test('a plugin that wants a terminal is refused at once', async () => {
  const simulated = await cluster();
  const opened = linkBy(simulated, await makeFolder(), {}, { exec: { interactiveMode: 'Always' } });
  await expect(opened).rejects.toThrow(/east-user wants a terminal/);
});

test('two clusters whose users have one name have credentials of their own', async () => {
  const [one, two] = [await cluster({ tokens: ['one'] }), await cluster({ tokens: ['two'] })];
  const folders = [await makeFolder(), await makeFolder()] as const;
  for (const [index, token] of ['one', 'two'].entries()) {
    const folder = folders[index] ?? '';
    await plugin(folder, PRINT(folder));
    await writeFile(join(folder, 'token'), token);
  }
  const links = [await linkBy(one, folders[0]), await linkBy(two, folders[1])];
  expect(await Promise.all(links.map((link) => link.status()))).toEqual([200, 200]);
});

test('a token file is read at each call', async () => {
  const simulated = await cluster({ tokens: ['one', 'two'] });
  const folder = await makeFolder();
  await writeFile(join(folder, 'token'), 'one\n');
  const link = await openLink(
    simulated.api.kubeconfig(),
    ({ users }) => {
      for (const entry of users) entry.user = { tokenFile: 'token' };
    },
    { folder },
  );
  expect(await link.status()).toBe(200);
  simulated.api.tokens.delete('one');
  await writeFile(join(folder, 'token'), 'two\n');
  expect(await link.status()).toBe(200);
});

test('a client certificate that rotates: a new connection, and the old one goes after its watches', async () => {
  const certificates = ['first', 'second'].map((name) => createCertificate(name, { by: 'client' }));
  const simulated = await cluster({ clientAuthorities: certificates.map(({ cert }) => cert) });
  const folder = await makeFolder();
  const write = async (index: number): Promise<void> => {
    await writeFile(join(folder, 'client.crt'), certificates[index]?.cert ?? '');
    await writeFile(join(folder, 'client.key'), certificates[index]?.key ?? '');
  };
  await write(0);
  const link = await openLink(
    simulated.api.kubeconfig(),
    ({ users }) => {
      for (const entry of users) {
        entry.user = { 'client-certificate': 'client.crt', 'client-key': 'client.key' };
      }
    },
    { folder },
  );
  const lastClient = () => simulated.api.requests.at(-1)?.client;
  const stop = new AbortController();
  const watch = await link.get('/api/v1/nodes?watch=true', stop.signal);
  expect(lastClient()).toBe('first');
  await write(1);
  expect(await link.status()).toBe(200);
  expect(lastClient()).toBe('second');
  expect(simulated.api.connections().open).toBe(2);

  const told = (async () => {
    let text = '';
    for await (const chunk of watch.body) {
      text += Buffer.from(chunk).toString();
      if (text.includes('late')) break;
    }
    return text;
  })();
  simulated.setNode({ name: 'late', address: '192.0.2.99' });
  expect(await told).toContain('late');
  await until('the old connection is closed', () => simulated.api.connections().open === 1);
  expect(await link.status()).toBe(200);
  expect(simulated.api.connections().accepted).toBe(2);
});

test('a plugin may give a client certificate', async () => {
  const { cert, key } = createCertificate('by-plugin', { by: 'client' });
  const simulated = await cluster({ clientAuthorities: [cert] });
  const folder = await makeFolder();
  const status = { clientCertificateData: cert, clientKeyData: key };
  await writeFile(join(folder, 'out'), JSON.stringify({ kind: 'ExecCredential', status }));
  await plugin(folder, `cat "${folder}/out"`);
  const link = await linkBy(simulated, folder);
  expect(await link.status()).toBe(200);
  expect(simulated.api.requests.at(-1)?.client).toBe('by-plugin');
});

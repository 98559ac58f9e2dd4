// When client certificates, tokens and the API's own certificate end, as Prometheus is told.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { ClusterOrder } from '../../src/clusters/registry.ts';
import { loadCluster } from '../../src/clusters/kubeconfig.ts';
import { followCredentials } from '../../src/telemetry/follow-credentials.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenOf = (claims: object): string => `${part({ alg: 'none' })}.${part(claims)}.c2lnbmVk`;

test('each credential that says when it ends, by cluster and use; none that renews itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-credentials-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { cert, key } = createCertificate('ballast');
  const write = async (name: string, user: object): Promise<void> => {
    const server = 'https://127.0.0.1:1';
    const config = {
      clusters: [{ name, cluster: { server } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    };
    await writeFile(join(folder, `${name}.kubeconfig`), JSON.stringify(config));
  };
  await writeFile(join(folder, 'tls.crt'), cert);
  await writeFile(join(folder, 'tls.key'), key);
  await writeFile(join(folder, 'token'), `${tokenOf({ iat: 1000, exp: 2000 })}\n`);
  await write('east', { 'client-certificate': 'tls.crt', 'client-key': 'tls.key' });
  await write('east-jobs', { token: tokenOf({ exp: 5000 }) });
  await write('west', { tokenFile: 'token' });
  await write('north', { token: 'a-token-that-says-nothing' });
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false' };
  await write('south', { exec });

  const world = { baseFolder: folder, environment: {}, clock: systemClock };
  const order = (name: string, more: object = {}): ClusterOrder => {
    const settings = { name, kubeconfig: { path: `${name}.kubeconfig` }, ...more };
    const load = () => loadCluster(settings, world);
    return { settings: settings as unknown as ClusterOrder['settings'], digest: '', load };
  };
  const jobs = { kubeconfig: { path: 'east-jobs.kubeconfig' }, namespaces: ['prod'] };
  let orders = [
    order('east', { jobs }),
    // Jobs without a credential of their own use that of watching.
    order('west', { jobs: { namespaces: ['prod'] } }),
    ...['north', 'south', 'gone'].map((name) => order(name)),
  ];
  const metrics = createMetrics();
  let turn = Promise.withResolvers<void>();
  const clock = { ...systemClock, sleep: () => turn.promise };
  const registry = { orders: () => orders };
  const certificate = join(folder, 'tls.crt');
  const stop = new AbortController();
  const following = followCredentials(
    { metrics, registry, certificate, world: { ...world, clock } },
    stop.signal,
  );
  const shown = async (): Promise<Record<string, string>> => {
    const lines = (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('ballast_credential_'));
    return Object.fromEntries(
      lines.map((line) => {
        const [, name, labels = '', value = ''] =
          /_(expiry|issued)\w+{(.*)} (\S+)/.exec(line) ?? [];
        return [`${name} ${labels}`, value];
      }),
    );
  };
  const { validFromDate, validToDate } = new X509Certificate(cert);
  const [from, to] = [validFromDate, validToDate].map((date) => `${date.getTime() / 1000}`);
  await until('it is read', async () => Object.keys(await shown()).length === 8);
  expect(await shown()).toEqual({
    'expiry cluster="east",use="watch",kind="certificate"': to,
    'issued cluster="east",use="watch",kind="certificate"': from,
    'expiry cluster="east",use="jobs",kind="token"': '5000',
    'issued cluster="east",use="jobs",kind="token"': '0',
    'expiry cluster="west",use="watch",kind="token"': '2000',
    'issued cluster="west",use="watch",kind="token"': '1000',
    'expiry cluster="",use="api",kind="certificate"': to,
    'issued cluster="",use="api",kind="certificate"': from,
  });

  // Renewed over the old file; a cluster that is gone leaves nothing behind.
  await writeFile(join(folder, 'token'), tokenOf({ iat: 1500, exp: 2500 }));
  orders = [order('west')];
  const before = turn;
  turn = Promise.withResolvers<void>();
  before.resolve();
  await until('it is read anew', async () => Object.keys(await shown()).length === 4);
  expect(await shown()).toMatchObject({ 'expiry cluster="west",use="watch",kind="token"': '2500' });
  stop.abort();
  turn.resolve();
  await following;
});

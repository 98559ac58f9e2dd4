// Clusters from Secrets of a home cluster: Cluster API's form and Argo CD's, on a simulated server.

import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { readKubeconfig } from '../../src/clusters/kubeconfig.ts';
import type { ClusterOrder, SourceWord } from '../../src/clusters/registry.ts';
import { argoOrder, kubeconfigOrder } from '../../src/clusters/secret-forms.ts';
import {
  followSecrets,
  type SecretRecord,
  type SecretsPlace,
} from '../../src/clusters/secrets-source.ts';
import { SimulatedApiServer } from '../simulated/api-server.ts';
import { eventually } from './watched-cluster.ts';

const SOURCE = { ingress: { nodes: 'ingress=true', port: 80 }, namespaces: ['prod'] };
const far = new SimulatedApiServer({ name: 'far' });

const encode = (data: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, text]) => [key, btoa(text)]));

async function startHome() {
  const home = await new SimulatedApiServer({ name: 'home' }).start();
  onTestFinished(() => home.stop());
  const put = (
    name: string,
    data: Record<string, string>,
    labels: Record<string, string> = { fleet: 'yes' },
  ): void => {
    home.put('secrets', {
      metadata: { name, namespace: 'fleet', labels },
      data: encode(data),
    } as never);
  };
  return { home, put };
}

function follow(home: SimulatedApiServer, order: SecretsPlace['order'] = plain): SourceWord[] {
  const words: SourceWord[] = [];
  const stop = new AbortController();
  const load = async () => readKubeconfig(home.kubeconfig(), undefined, { name: 'h', folder: '' });
  const ended = followSecrets(
    { load, namespace: 'fleet', selector: 'fleet=yes', order },
    async (word) => void words.push(word),
    {
      baseFolder: '/',
      clock: systemClock,
      wall: () => new Date(),
      random: Math.random,
      environment: {},
      log: pino({ level: 'silent' }),
    },
    stop.signal,
  );
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return words;
}

const plain = (secret: SecretRecord): ClusterOrder | undefined => kubeconfigOrder(secret, SOURCE);
const names = (words: readonly SourceWord[]) =>
  words.at(-1)?.orders.map(({ settings }) => settings.name);

test('labelled Secrets of the one namespace come, change and go', async () => {
  const { home, put } = await startHome();
  put('east-kubeconfig', { value: far.kubeconfig('one') });
  put('other-kubeconfig', { value: far.kubeconfig('one') }, { fleet: 'no' });
  const words = follow(home);
  await eventually(() => expect(names(words)).toEqual(['east']));
  expect(words.at(-1)?.orders[0]?.settings).toEqual({ name: 'east', ...SOURCE });
  put('west', { value: far.kubeconfig('one') });
  await eventually(() => expect(names(words)).toEqual(['east', 'west']));

  const before = words.at(-1)?.orders[0]?.digest;
  put('east-kubeconfig', { value: far.kubeconfig('two') });
  await eventually(() => expect(words.at(-1)?.orders[0]?.digest).not.toBe(before));
  const loaded = await words.at(-1)?.orders[0]?.load();
  expect(loaded?.config.getCurrentUser()?.token).toBe('two');
  home.remove('secrets', 'east-kubeconfig', 'fleet');
  await eventually(() => expect(names(words)).toEqual(['west']));
  expect(home.requests.every(({ path }) => path === '/api/v1/namespaces/fleet/secrets')).toBe(true);
});

test('of what Cluster API labels with a cluster’s name only its kubeconfig speaks of a cluster', async () => {
  const { home, put } = await startHome();
  const theirs = (name: string, data: Record<string, string>): void =>
    put(name, data, { fleet: 'yes', 'cluster.x-k8s.io/cluster-name': 'east' });
  for (const use of ['ca', 'etcd', 'proxy', 'sa'])
    theirs(`east-${use}`, { 'tls.crt': 'a', 'tls.key': 'b' });
  theirs('east-md-0-x7k2p', {
    value: '## template: jinja\n#cloud-config\n',
    format: 'cloud-config',
  });
  theirs('east-kubeconfig', { value: far.kubeconfig('one') });
  const words = follow(home);
  await eventually(() => expect(names(words)).toEqual(['east']));
  expect(words.at(-1)?.trouble).toEqual([]);
  // One of ours without a kubeconfig is still a fault.
  put('west-ca', { 'tls.crt': 'a' });
  await eventually(() =>
    expect(words.at(-1)?.trouble).toEqual(['secret fleet/west-ca: has no key value']),
  );
});

test('a Secret that breaks keeps its last good content; nothing of it is quoted', async () => {
  const { home, put } = await startHome();
  put('east-kubeconfig', { value: far.kubeconfig('one') });
  put('west-kubeconfig', { data: 'x' });
  const words = follow(home);
  await eventually(() => expect(names(words)).toEqual(['east']));
  expect(words.at(-1)?.trouble).toEqual(['secret fleet/west-kubeconfig: has no key value']);
  put('east-kubeconfig', { value: 'token: {hush' });
  await eventually(() => expect(words.at(-1)?.trouble).toHaveLength(2));
  expect(names(words)).toEqual(['east']);
  expect(words.at(-1)?.trouble[0]).toMatch(
    /fleet\/east-kubeconfig: .*; its last good content stays$/,
  );
  expect(JSON.stringify(words)).not.toContain('hush');
});

test('a home that does not answer keeps all, and is named', async () => {
  const { home, put } = await startHome();
  put('east-kubeconfig', { value: far.kubeconfig('one') });
  const words = follow(home);
  await eventually(() => expect(names(words)).toEqual(['east']));
  const fault = await home.fault({ kind: 'status', code: 403 });
  home.endWatches();
  await eventually(() => expect(words.at(-1)?.trouble).toEqual(['secrets of fleet: HTTP 403']));
  expect(names(words)).toEqual(['east']);
  await fault.clear();
  await eventually(() => expect(words.at(-1)?.trouble).toEqual([]));
});

test('a home that never answered says nothing of clusters, and says why', async () => {
  const { home } = await startHome();
  await home.fault({ kind: 'status', code: 403 });
  const words = follow(home);
  await eventually(() =>
    expect(words).toEqual([{ orders: [], trouble: ['secrets of fleet: HTTP 403'] }]),
  );
});

const secret = (name: string, data: Record<string, string>): SecretRecord => ({
  uid: 'u',
  version: '1',
  namespace: 'fleet',
  name,
  ofClusterApi: false,
  data,
});

test.each([
  ['certificate-authority', { 'certificate-authority': 'ca.crt' }, {}],
  ['tokenFile', {}, { tokenFile: '/etc/token' }],
  ['client-certificate', {}, { 'client-certificate': 'a', 'client-key': 'b' }],
])('a kubeconfig of a Secret that names a file is refused: %s', (_, cluster, user) => {
  const value = JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://far.example', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
  expect(() => plain(secret('east', { value }))).toThrow(/names files/);
});

const argo = (config: object, more: Record<string, string> = {}): ClusterOrder =>
  argoOrder(
    secret('cluster-1', {
      name: 'east',
      server: 'https://east.example:6443',
      config: JSON.stringify(config),
      ...more,
    }),
    SOURCE,
  );

async function parts(config: object) {
  const { config: loaded, plugin } = await argo(config).load();
  return { cluster: loaded.getCurrentCluster(), user: loaded.getCurrentUser(), plugin };
}

test('Argo CD: a token, the authority, the name in the certificate, a proxy', async () => {
  const tlsClientConfig = { serverName: 'kube', caData: 'Q0E=' };
  const { cluster, user } = await parts({
    bearerToken: 'hush',
    tlsClientConfig,
    proxyUrl: 'http://proxy:3128',
  });
  expect(cluster).toEqual({
    name: 'east',
    server: 'https://east.example:6443',
    caData: 'Q0E=',
    tlsServerName: 'kube',
    skipTLSVerify: false,
    proxyUrl: 'http://proxy:3128',
  });
  expect(user).toEqual({ name: 'ballast:east', token: 'hush' });
});

test('Argo CD: user and password, a client certificate', async () => {
  const { user } = await parts({
    username: 'ann',
    password: 'hush',
    tlsClientConfig: { certData: 'QQ==', keyData: 'Qg==', insecure: true },
  });
  expect(user).toMatchObject({
    username: 'ann',
    password: 'hush',
    certData: 'QQ==',
    keyData: 'Qg==',
  });
});

test('Argo CD: a plugin with its variables, told nothing of its cluster', async () => {
  const { plugin } = await parts({
    execProviderConfig: { command: 'gke', args: ['x'], env: { A: 'b' }, apiVersion: 'v' },
  });
  expect(plugin).toMatchObject({ command: 'gke', args: ['x'], apiVersion: 'v', env: { A: 'b' } });
  expect(plugin?.installHint).toMatch(/Argo CD has it in its image/);
  expect(JSON.parse(plugin?.env['KUBERNETES_EXEC_INFO'] ?? '')).toEqual({
    apiVersion: 'v',
    kind: 'ExecCredential',
    spec: { interactive: false },
  });
});

test('Argo CD: AWS by the program of its image', async () => {
  const awsAuthConfig = { clusterName: 'e1', roleARN: 'arn:x', profile: 'p' };
  const { plugin } = await parts({ awsAuthConfig });
  const { command, args } = plugin ?? {};
  expect([command, ...(args ?? [])].join(' ')).toBe(
    'argocd-k8s-auth aws --cluster-name e1 --role-arn arn:x --profile p',
  );
});

test('Argo CD: its namespaces go before those of the source', () => {
  const settings = argo({ bearerToken: 't' }, { namespaces: 'a, b,' }).settings;
  expect(settings.namespaces).toEqual(['a', 'b']);
  expect(argo({ bearerToken: 't' }).settings.namespaces).toEqual(['prod']);
});

test.each([
  ['no server', { server: '' }, /no key server/],
  ['no name', { name: '' }, /no key name/],
  ['no URL', { server: 'east' }, /no URL/],
  ['no JSON', { config: '{"bearerToken": hush' }, /config is no JSON/],
  ['nothing in it', { config: '{}' }, /has no credentials/],
])('Argo CD: %s is refused in words', (_, more, words) => {
  const take = () => argo({ bearerToken: 'hush' }, more as Record<string, string>);
  expect(take).toThrow(words);
  expect(take).not.toThrow(/hush/);
});

// What a whole fleet tells: a change as a trace at a real collector, as a log line, as metrics and as
// Events of the home cluster; and that none of it holds a secret.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { until } from '../controlplane/until.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { startCollector, type Collector } from '../telemetry/collector.ts';
import { startBallast } from './ballast.ts';
import { startFleet, type Fleet, type Place } from './fleet.ts';
import { bothOf, untilSettled } from './settled.ts';

const HOST = 'shop.example.com';
const HOOK = fileURLToPath(new URL('loaded-packages.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const planted = (name: string): string => `planted-${name}-${'s'.repeat(24)}`;
const client = createCertificate('client', { by: 'client' });
let fleet: Fleet;
let collector: Collector;

async function keys({ folder, clusters, edges, redis }: Place): Promise<object> {
  const [east, west] = clusters;
  east?.api.tokens.add(planted('kube'));
  const kubeconfig = parse(east?.api.kubeconfig(planted('kube')) ?? '') as {
    users: { user: object }[];
  };
  const encoded = (pem: string): string => Buffer.from(pem).toString('base64');
  Object.assign(kubeconfig.users[0]?.user ?? {}, {
    'client-certificate-data': encoded(client.cert),
    'client-key-data': encoded(client.key),
  });
  await writeFile(join(folder, 'east.kubeconfig'), stringify(kubeconfig));
  await writeFile(join(folder, 'home.kubeconfig'), west?.api.kubeconfig() ?? '');
  await writeFile(join(folder, 'redis.password'), planted('redis'));
  await writeFile(join(folder, 'push.token'), planted('push'));
  await addUser(redis.port);
  return {
    redis: { url: redis.url, user: 'ballast', password: { file: 'redis.password' } },
    weights: { ramp: { seconds: 0 } },
    guard: { minimum: { servers: 2 } },
    edges: edges.map(({ name, control }) => ({ name, control, token: { file: 'push.token' } })),
    telemetry: {
      traces: { endpoint: collector.endpoint },
      events: { kubeconfig: { path: 'home.kubeconfig' }, namespace: 'ops' },
    },
  };
}

/** One that Ballast is; the edges stay the default one. */
async function addUser(port: number): Promise<void> {
  const user = ['ACL', 'SETUSER', 'ballast', 'on', `>${planted('redis')}`];
  const rights = ['allkeys', 'allchannels', 'allcommands'];
  const child = spawn('redis-cli', ['-p', `${port}`, ...user, ...rights]);
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
}

beforeAll(async () => {
  collector = await startCollector();
  fleet = await startFleet(51, 'redis', keys);
  const [east, west] = bothOf(fleet);
  east.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  west.setApp({ name: 'shop', pods: 10, hosts: [HOST], ingress: true });
  await settled([50, 50], [50, 50]);
});
afterAll(async () => {
  await fleet?.close();
  await collector?.close();
});

const settled = (east: readonly number[], west: readonly number[]): Promise<void> =>
  untilSettled(fleet, [east, west]);

interface Line {
  readonly msg: string;
  readonly app?: string;
  readonly version?: number;
  readonly actor?: string;
  readonly causes?: readonly string[];
  readonly trace?: string;
}

function lines(): Line[] {
  const texts = fleet.ballast.log().split('\n');
  return texts.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Line);
}

async function metrics(accept = 'text/plain'): Promise<{ type: string; text: string }> {
  const reply = await fetch(`${fleet.ballast.url}/metrics`, { headers: { accept } });
  return { type: reply.headers.get('content-type') ?? '', text: await reply.text() };
}

const OPEN = 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5';
const valueOf = (text: string, name: string): number =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1),
  );

test('a change is one log line and one trace, up to the acknowledgement of both edges', async () => {
  bothOf(fleet)[0].scale('shop', 30);
  await settled([150, 150], [50, 50]);
  // Edges may have it before its line is written.
  const line = await until('the change is logged', () =>
    lines().find(({ app, causes = [] }) => app === 'shop' && causes.join().endsWith(' to 30')),
  );
  expect(line).toMatchObject({
    msg: 'weights changed',
    actor: 'controller',
    causes: [expect.stringMatching(/^east: pods \d+ to 30$/)],
    version: expect.any(Number),
    trace: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  const own = () => collector.spans.filter(({ traceId }) => traceId === line.trace);
  await until('the trace is whole', () => own().some(({ name }) => name === 'round'));
  const shown = own().map(({ name, attributes }) => [name, attributes['ballast.edge']]);
  expect(shown.toSorted()).toEqual([
    ['acknowledged', 'edge-1'],
    ['acknowledged', 'edge-2'],
    ['commit', undefined],
    ['look', undefined],
    ['push', 'edge-1'],
    ['push', 'edge-2'],
    ['round', undefined],
  ]);
  expect(own().find(({ name }) => name === 'round')?.attributes).toMatchObject({
    'ballast.version': line.version,
    'ballast.cause': 'pods',
    'ballast.app.names': ['shop'],
  });
});

test('metrics: shares, how long it took to the last edge, with the trace as exemplar', async () => {
  const observed = async () =>
    valueOf((await metrics()).text, 'ballast_propagation_seconds_count') > 0;
  await until('a commit has reached the last edge', observed);
  const { type, text } = await metrics();
  expect(type).toContain('text/plain; version=0.0.4');
  const labels = `{app="shop",from="east",server="${fleet.address(1, 1)}"}`;
  expect(valueOf(text, `ballast_server_weight${labels}`)).toBe(150);
  expect(valueOf(text, `ballast_share_ratio${labels}`)).toBe(0.375);
  expect(valueOf(text, `ballast_share_exact_ratio${labels}`)).toBe(0.375);
  expect(valueOf(text, 'ballast_series_omitted{of="server"}')).toBe(0);
  expect(text).toMatch(/^ballast_build_info\{version="[\d.]+",node="v\d+/m);
  expect(text).toMatch(/^ballast_cluster_relists_total\{cluster="east"\} \d/m);
  const current = async () =>
    valueOf((await metrics()).text, 'ballast_edge_acknowledged_age_seconds{edge="edge-1"}') === 0;
  await until('the edge lacks nothing', current);
  const open = await metrics(OPEN);
  expect(open.type).toContain('application/openmetrics-text; version=1.0.0');
  expect(open.text.endsWith('# EOF\n')).toBe(true);
  expect(open.text).toMatch(/^# TYPE ballast_cluster_relists counter$/m);
  expect(open.text).toMatch(/^ballast_cluster_relists_total\{/m);
  const exemplar = /ballast_propagation_seconds_bucket\{.*\} \d+ # \{trace_id="([0-9a-f]{32})"\}/;
  const [, trace] = exemplar.exec(open.text) ?? [];
  expect(trace).toBeDefined();
  await until('its line is written', () => lines().some((line) => line.trace === trace));
  // Asked for in the other form it is what it was.
  expect((await metrics()).text).toContain('# TYPE ballast_cluster_relists_total counter');
});

interface KubernetesEvent {
  readonly reason: string;
  readonly type: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}

/** As anybody reads them; they are never more than one for a thing. */
async function events(reason: string): Promise<KubernetesEvent[]> {
  const { store } = bothOf(fleet)[1].api;
  const objects = [...(store.objects.get('events')?.values() ?? [])];
  return (objects as unknown as KubernetesEvent[]).filter((event) => event.reason === reason);
}

test('drains and refusals are Events of the home cluster, each once with its count', async () => {
  const drain = async (): Promise<void> => {
    const hold = { kind: 'drain', app: 'shop', server: fleet.address(1, 1), why: 'disk' };
    const { status, json } = await fleet.ballast.send<{ ids: string[] }>(
      'POST',
      '/api/v1/holds',
      hold,
    );
    expect(status).toBe(201);
    await fleet.ballast.send('DELETE', `/api/v1/holds/${json.ids[0]}`);
  };
  await drain();
  const word = await until('the word is logged', () => lines().find(({ msg }) => msg === 'said'));
  const of = ({ msg, version }: Line) => msg === 'weights changed' && version === word.version;
  const change = await until('its change is logged', () => lines().find(of));
  expect(word).toMatchObject({ actor: 'local', trace: change.trace });
  expect(word.trace).toMatch(/^[0-9a-f]{32}$/);
  await until('the drain is told', async () => (await events('Undrained')).length === 1);
  expect(await events('Drained')).toMatchObject([
    {
      type: 'Normal',
      message: expect.stringMatching(/^drain \S+ of app shop, server \S+ by local: disk$/),
      count: 1,
      involvedObject: { kind: 'Server', name: fleet.address(1, 1) },
    },
  ]);
  const [east, west] = bothOf(fleet);
  east.scale('shop', 0);
  west.scale('shop', 0);
  const refused = async () => [...(await events('WouldEmpty')), ...(await events('TooFewServers'))];
  await until('the refusal is told', async () => (await refused()).length > 0);
  const [event] = await refused();
  expect(event).toMatchObject({ type: 'Warning', involvedObject: { kind: 'App', name: 'shop' } });
  east.scale('shop', 30);
  west.scale('shop', 10);
});

test('no log line, answer, metric, span or Event holds a secret', async () => {
  const { clusters, ballast, edges } = fleet;
  // What goes wrong says the most.
  clusters[0]?.api.tokens.delete(planted('kube'));
  bothOf(fleet)[1].scale('shop', 20);
  await fleet.redis.kill();
  await until('Redis is missed', () => ballast.log().includes('Redis does not answer'));
  await fleet.redis.restart();
  await addUser(fleet.redis.port);
  const wrong = { headers: { authorization: `Bearer ${planted('wrong')}` } };
  const api = await ballast.get<{ paths: object }>('/api/v1/openapi.json');
  const texts = [ballast.log(), collector.text()];
  for (const path of Object.keys(api.paths)) {
    if (path.endsWith('/events')) continue;
    const url = `${ballast.url}${path.replace('{app}', 'shop').replace(/\{\w+\}/g, 'east')}`;
    texts.push(await (await fetch(url)).text(), await (await fetch(url, wrong)).text());
  }
  texts.push((await metrics()).text, (await metrics(OPEN)).text);
  for (const edge of edges) {
    const state = await fetch(`${edge.control}/metrics`);
    texts.push(await state.text(), JSON.stringify(await edge.state()), await edge.errorLog());
  }
  texts.push(JSON.stringify([...(clusters[1]?.api.store.objects.get('events')?.values() ?? [])]));
  const key = client.key.split('\n')[1] ?? '';
  const secrets = [
    ...['kube', 'redis', 'push', 'wrong'].map(planted),
    key,
    Buffer.from(client.key).toString('base64').slice(60, 100),
    ...clusters.flatMap((cluster) => [...cluster.api.tokens]),
  ];
  const all = texts.join('\n');
  expect(all).toContain('"shop"');
  expect(all).toContain('weights changed');
  for (const secret of secrets) expect(all.includes(secret), secret).toBe(false);
});

/** `--help`, or a controller that runs until it is asked to end. */
async function loaded(config?: object): Promise<string> {
  if (!config) {
    const child = spawn(process.execPath, ['--import', HOOK, MAIN, '--help'], { stdio: 'pipe' });
    let text = '';
    child.stderr.on('data', (data: Buffer) => (text += data.toString()));
    await once(child, 'close');
    return text;
  }
  const folder = await mkdtemp(join(tmpdir(), 'ballast-lazy-'));
  const ballast = await startBallast(folder, config, ['--import', HOOK]);
  await ballast.kill('SIGTERM');
  await until('it has said so', () => ballast.log().includes('loaded: '));
  await rm(folder, { recursive: true });
  return ballast.log();
}

test('OpenTelemetry is loaded where traces are on, and nowhere else', async () => {
  const config = {
    environment: 'lazy',
    redis: { url: 'redis://127.0.0.1:9' },
    api: { listen: '127.0.0.1:0', loopback: 'admin' },
  };
  const help = await loaded();
  expect(help).toMatch(/^loaded: .*commander/m);
  // prom-client looks into the API, which does nothing by itself.
  const others = /@opentelemetry\/(?!api )/;
  expect(help).not.toMatch(others);
  const without = await loaded(config);
  expect(without).toMatch(/^loaded: .*fastify/m);
  expect(without).not.toMatch(others);
  const traces = { endpoint: collector.endpoint };
  expect(await loaded({ ...config, telemetry: { traces } })).toContain('@opentelemetry/sdk-trace');
});

// Monitoring for real: a whole fleet, two Prometheus of deploy/monitoring/prometheus.yml, an Alertmanager and
// a VictoriaMetrics behind both. A cluster is cut off; the alert arrives once, with the labels that say
// where, and of each sample, sent twice, VictoriaMetrics keeps one.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { foundJob } from '../../src/jobs/found.ts';
import { headOf } from '../../src/jobs/change.ts';
import { startKeeper, type Keeper } from '../controlplane/keeper.ts';
import { freePorts } from '../controlplane/ports.ts';
import { until } from '../controlplane/until.ts';
import { startFleet, type Fleet, type Place } from '../e2e/fleet.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { OBJECTS } from '../migration/plan/plan-world.ts';
import { writeBackup } from '../migration/velero/backups.ts';

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');
const RULES = join(DEPLOY, 'chart', 'monitoring', 'alerts.yaml');
const DASHBOARDS = join(DEPLOY, 'chart', 'dashboards');

let folder: string;
let keeper: Keeper;
let fleet: Fleet;
let prometheus: readonly string[];
let alertmanager: string;
let victoria: string;
/** Another, which keeps everything: what the first was sent. */
let hoarder: string;

function start(command: string, args: readonly string[]): void {
  const child = spawn(command, args, { cwd: folder, stdio: 'ignore', detached: true });
  child.unref();
  if (child.pid !== undefined) keeper.add(child.pid);
  started.push(() => void child.kill('SIGKILL'));
}
const started: (() => void)[] = [];

const get = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T;
const answers = async (url: string): Promise<boolean> => (await fetch(url)).status === 200;

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

async function query(base: string, text: string): Promise<Answer['data']['result']> {
  const answer = await get<Answer>(`${base}/api/v1/query?query=${encodeURIComponent(text)}`);
  if (answer.status !== 'success') throw new Error(`${text}: ${answer.error}`);
  return answer.data.result;
}

interface Configuration {
  global: { external_labels: Record<string, string> } & Record<string, unknown>;
  rule_files: string[];
  scrape_configs: Record<string, unknown>[];
  alerting: { alertmanagers: unknown[] };
  remote_write: { url: string }[];
}

/** The file that is published, at this machine's addresses and in seconds where it has quarter minutes. */
async function writePrometheus(replica: string, places: { readonly edges: readonly string[] }) {
  const text = await readFile(join(DEPLOY, 'monitoring', 'prometheus.yml'), 'utf8');
  const configuration = parse(text) as Configuration;
  Object.assign(configuration.global, { scrape_interval: '1s', evaluation_interval: '1s' });
  configuration.global.external_labels['replica'] = replica;
  configuration.rule_files = [join(folder, 'alerts.yaml')];
  configuration.scrape_configs = configuration.scrape_configs.map((job) => ({
    job_name: job['job_name'],
    honor_labels: job['honor_labels'] ?? false,
    static_configs: [
      { targets: job['job_name'] === 'ballast' ? [new URL(fleet.ballast.url).host] : places.edges },
    ],
  }));
  configuration.alerting.alertmanagers = [
    { static_configs: [{ targets: [new URL(alertmanager).host] }] },
  ];
  const [remote] = configuration.remote_write;
  configuration.remote_write = [victoria, hoarder].map((base) => ({
    ...remote,
    url: `${base}/api/v1/write`,
  }));
  await writeFile(join(folder, `${replica}.yml`), stringify(configuration));
}

const JOB = 'shop-1';

/** A job in the journal, which an abort will move, a backup of the app, a certificate that ends. */
async function withJobAndBackup({ redis, folder: own }: Place): Promise<object> {
  const raw = new Redis(redis.url);
  const trace = { job: JOB, apps: ['shop'], clusters: ['east'], holds: ['hold-1'] };
  const job = { ...foundJob(trace, Date.now()), revision: 1 };
  await raw.hset('{ballast:e2e}:jobs', JOB, JSON.stringify(headOf(job)));
  await raw.hset(`{ballast:e2e}:jobs:${JOB}`, 'plan', JSON.stringify(job.plan));
  raw.disconnect();
  await writeBackup(join(own, 'backups'), {
    name: 'nightly-1',
    startedAt: new Date().toISOString(),
    objects: OBJECTS.map((one) => {
      const labels = { 'ballast.io/app': 'shop' };
      return one.kind === 'Service' ? { ...one, metadata: { ...one.metadata, labels } } : one;
    }),
  });
  const kubeconfig = join(own, 'east.kubeconfig');
  const known = parse(await readFile(kubeconfig, 'utf8')) as { users: { user: object }[] };
  const { cert, key } = createCertificate('ballast', { by: 'client' });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  for (const { user } of known.users)
    Object.assign(user, {
      'client-certificate-data': base64(cert),
      'client-key-data': base64(key),
    });
  await writeFile(kubeconfig, stringify(known));
  return {
    weights: { ramp: { seconds: 0 } },
    migration: { backups: [{ cluster: 'east', folder: { path: join(own, 'backups') } }] },
  };
}

/** What a day of use leaves behind: a hold that ends, a job that was moved, a rehearsal. */
async function useIt(): Promise<void> {
  const said = async (path: string, body: object = {}): Promise<void> => {
    const { status } = await fleet.ballast.send('POST', path, body);
    if (status >= 300) throw new Error(`${path}: ${status}`);
  };
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await said('/api/v1/holds', { kind: 'freeze', app: 'shop', why: 'a sale', until });
  await said(`/api/v1/jobs/${JOB}/abort`);
  await said('/api/v1/migrations/rehearse');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-monitoring-'));
  keeper = startKeeper(folder);
  fleet = await startFleet(97, 'redis', withJobAndBackup);
  for (const cluster of fleet.clusters)
    cluster.setApp({ name: 'shop', pods: 4, hosts: ['shop.example.com'] });
  const [a = 0, b = 0, alerts = 0, peers = 0, store = 0, all = 0] = await freePorts(6);
  prometheus = [a, b].map((port) => `http://127.0.0.1:${port}`);
  alertmanager = `http://127.0.0.1:${alerts}`;
  victoria = `http://127.0.0.1:${store}`;
  hoarder = `http://127.0.0.1:${all}`;
  // Alerts are due at once: `for` is what alerts.test.ts is about.
  const rules = (await readFile(RULES, 'utf8')).replaceAll(/^( +for:) .*$/gm, '$1 1s');
  await writeFile(join(folder, 'alerts.yaml'), rules);
  await writeFile(
    join(folder, 'alertmanager.yml'),
    stringify({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }),
  );
  start('prometheus-alertmanager', [
    '--config.file=alertmanager.yml',
    '--storage.path=alertmanager',
    `--web.listen-address=127.0.0.1:${alerts}`,
    `--cluster.listen-address=127.0.0.1:${peers}`,
  ]);
  for (const [url, more] of [
    [victoria, ['-dedup.minScrapeInterval=1s']],
    [hoarder, []],
  ] as const) {
    const { host, port } = new URL(url);
    const place = [`-httpListenAddr=${host}`, `-storageDataPath=victoria-${port}`];
    start('victoria-metrics', [...place, '-search.latencyOffset=1s', ...more]);
  }
  const edges = fleet.edges.map(({ control }) => new URL(control).host);
  for (const [index, replica] of ['a', 'b'].entries()) {
    await writePrometheus(replica, { edges });
    await mkdir(join(folder, replica));
    start('prometheus', [
      `--config.file=${replica}.yml`,
      `--storage.tsdb.path=${replica}`,
      `--web.listen-address=127.0.0.1:${[a, b][index]}`,
    ]);
  }
  const ready = [`${alertmanager}/-/ready`, `${victoria}/health`, `${hoarder}/health`];
  for (const url of [...ready, ...prometheus.map((base) => `${base}/-/ready`)])
    await until(`${url} answers`, () => answers(url));
  for (const base of prometheus)
    await until('both edges and the controller are scraped', async () => {
      return (await query(base, 'up == 1')).length === 3;
    });
});

afterAll(async () => {
  for (const stop of started) stop();
  await fleet?.close();
  keeper?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

it('the published configuration is one that Prometheus takes', () => {
  const check = ['check', 'config', '--syntax-only', join(DEPLOY, 'monitoring', 'prometheus.yml')];
  expect(execFileSync('promtool', check, { encoding: 'utf8' })).toContain('SUCCESS');
});

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

it('each query of each dashboard has an answer', async () => {
  const [base = ''] = prometheus;
  await useIt();
  const traffic = setInterval(() => {
    for (const { url } of fleet.edges)
      void request(url, { headers: { host: 'shop.example.com' } }).then(
        ({ body }) => body.dump(),
        () => {},
      );
  }, 50);
  try {
    const silent: string[] = [];
    for (const file of await readdir(DASHBOARDS)) {
      const { panels } = JSON.parse(await readFile(join(DASHBOARDS, file), 'utf8')) as {
        panels: readonly Panel[];
      };
      for (const { title, targets } of panels) {
        for (const { expr } of targets) {
          const text = expr.replaceAll('$app', 'shop');
          const found = await until(title, async () => (await query(base, text)).length > 0, 45_000)
            .then(() => true)
            .catch((error: Error) => error.message);
          if (found !== true) silent.push(`${file}: ${title}: ${text}: ${found}`);
        }
      }
    }
    expect(silent).toEqual([]);
  } finally {
    clearInterval(traffic);
  }
});

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

it('an alert arrives once, from both, and says which cluster, environment and zone', async () => {
  await fleet.clusters[0]?.stop();
  for (const base of prometheus)
    await until(
      'both see it',
      async () => {
        const fired = 'ALERTS{alertname="BallastClusterStale",alertstate="firing"}';
        return (await query(base, fired)).length === 1;
      },
      120_000,
    );
  const alert = await until('it is at the Alertmanager', async () => {
    const alerts = await get<Alert[]>(`${alertmanager}/api/v2/alerts`);
    const stale = alerts.filter(({ labels }) => labels['alertname'] === 'BallastClusterStale');
    return stale.length > 0 ? stale : undefined;
  });
  expect(alert).toHaveLength(1);
  expect(alert[0]?.labels).toEqual({
    alertname: 'BallastClusterStale',
    severity: 'warning',
    cluster: 'east',
    environment: 'prod',
    zone: 'zone-1',
  });
  expect(alert[0]?.annotations['summary']).toBe('Cluster east does not answer');
});

it('where a series has no cluster of its own, it has that of Prometheus', async () => {
  const leaders = await until('VictoriaMetrics has it', async () => {
    const result = await query(victoria, 'ballast_leader');
    return result.length > 0 ? result : undefined;
  });
  expect(leaders.map(({ metric }) => metric['cluster'])).toEqual(['home']);
  const clusters = await query(victoria, 'ballast_cluster_ingress_nodes');
  expect(clusters.map(({ metric }) => metric['cluster']).sort()).toEqual(['east', 'west']);
});

it('of each sample, sent twice, VictoriaMetrics keeps one', async () => {
  const series = await query(victoria, 'count(ballast_leader)');
  expect(series[0]?.value[1]).toBe('1');
  const labels = await query(victoria, 'ballast_leader');
  expect(labels[0]?.metric).not.toHaveProperty('replica');
  const count = async (base: string): Promise<number> => {
    const [found] = await query(base, 'count_over_time(ballast_leader[15s])');
    return Number(found?.value[1]);
  };
  let kept = 0;
  let sent = 0;
  await until('both have sent', async () => {
    [kept, sent] = [await count(victoria), await count(hoarder)];
    return kept > 5 && sent > 1.5 * kept;
  });
  console.log(`of ${sent} samples in 15 s VictoriaMetrics keeps ${kept}`);
  expect(kept).toBeLessThanOrEqual(16);
});

// Wires the stages by plain calls. Time, randomness, environment and sockets come in from here.
//
// Comes in: a checked configuration. Goes out: a running controller with its API. On failure: a
// BallastError that names the place, before anything was started.

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Logger } from 'pino';
import { buildApi } from './api/server.ts';
import { systemClock } from './clock.ts';
import type { AppSource, ClusterReader } from './clusters/cluster.ts';
import { openKubernetesCluster } from './clusters/kubernetes.ts';
import { ConfigError, type Config, type LoadedConfig } from './config.ts';
import { createController, type Controller } from './controller.ts';
import { counterOf } from './edges/counter.ts';
import { startCourier } from './edges/courier.ts';
import { openEdgeBook, type EdgeBook } from './edges/edge-book.ts';
import { openEdgeLink, type EdgeLink } from './edges/edge-link.ts';
import { questionEdges } from './edges/question.ts';
import type { RedisPlace } from './edges/redis-connection.ts';
import { openRedisStore } from './edges/redis-store.ts';
import { collectStatistics } from './edges/statistics.ts';
import type { ToldApp } from './inventory/inventory.ts';
import { openVms } from './inventory/vms.ts';
import { settlePolicy } from './inventory/policy.ts';
import type { AppName } from './model.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createReporter } from './telemetry/reporter.ts';
import { showState } from './telemetry/show-state.ts';

export interface Running {
  /** Where the API answers. */
  readonly url: string;
  readonly stopped: Promise<void>;
}

export async function startApp(
  loaded: LoadedConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<Running> {
  const { config } = loaded;
  const clock = systemClock;
  const random = () => Math.random();
  const metrics = createMetrics();
  const clusters = await openClusters(loaded, log);
  const links = openLinks(loaded);
  const book = openEdgeBook(new Map(config.edges.map((edge) => [edge.name, edge.control])));
  const statistics = collectStatistics();
  const vms = openVms(config.apps.list ?? [], config.vms.file, clock, (trouble) => {
    metrics.vmsTrouble.set(trouble === undefined ? 0 : 1);
    if (trouble === undefined) log.info('the file of VMs is read again');
    else log.warn({ trouble }, 'the file of VMs cannot be read; the last VMs stay');
  });
  await vms.refresh();
  const store = openRedisStore({
    ...redisPlace(loaded),
    environment: config.environment,
    onState: (up, reason) => {
      metrics.redisUp.set(up ? 1 : 0);
      if (up) log.info('Redis answers');
      else log.warn({ reason }, 'Redis does not answer');
    },
  });
  const address = `http://${config.api.listen}`;
  const courierEvents = {
    onTermOver: (highest: number) => controller.termOver(counterOf(highest)),
    onState: (state: Parameters<EdgeBook['hear']>[0]) => book.hear(state, clock.now()),
    onRefused: (edge: string, verdicts: readonly object[]) =>
      log.error({ edge, verdicts }, 'an edge refused documents'),
    onReach: (edge: string, reachable: boolean, reason: string) => {
      book.setTrouble(edge, reachable ? undefined : reason);
      log.warn({ edge, reachable, reason }, 'edge');
    },
    onDelivered: (edge: string, seconds: number) => metrics.pushSeconds.observe({ edge }, seconds),
  };
  const couriers = links.map((link) => startCourier(link, clock, courierEvents, signal));
  const controller: Controller = createController({
    clusters,
    vms,
    told: toldApps(config),
    policy: settlePolicy(config.apps.policy),
    hostsFromIngress: config.apps.discover?.hosts !== 'off',
    base: config.weights.base ?? 10,
    term: {
      store,
      links,
      edges: config.edges.map((edge) => edge.name),
      holder: `${address}#${process.pid}-${Math.floor(random() * 2 ** 32).toString(16)}`,
      address,
      leaseMs: (config.leader.leaseSeconds ?? 5) * 1000,
      clock,
      random,
    },
    push: (push) => {
      for (const courier of couriers) courier.send(push);
    },
    book,
    clock,
    wall: () => new Date(),
    reporter: createReporter(log, metrics),
  });
  const ready = (): { ready: boolean; why: string } => {
    const known = controller.published() !== undefined;
    return {
      ready: known,
      why: known ? (vms.trouble() ?? '') : `no state from Redis yet: ${controller.leader().phase}`,
    };
  };
  const api = buildApi({
    controller,
    clusters,
    book,
    statistics,
    beat: (edge, text) => store.beat(edge, text),
    clock,
    ready,
    metrics: () => showState(metrics, { controller, clusters, book, now: clock.now() }),
    signal,
  });
  const url = await listen(api, loaded);
  const work = Promise.all([
    controller.run(signal),
    vms.follow((dirty) => controller.mark(dirty), signal),
    questionEdges(links, { statistics, book, clock }, signal),
  ]);
  const stopped = work.then(async () => {
    await api.close();
    await Promise.all([...clusters.map((c) => c.close()), ...links.map((l) => l.close())]);
    await store.close();
  });
  return { url, stopped };
}

async function listen(api: ReturnType<typeof buildApi>, loaded: LoadedConfig): Promise<string> {
  const text = loaded.config.api.listen ?? '127.0.0.1:8080';
  const cut = text.lastIndexOf(':');
  const host = text.slice(0, cut).replace(/^\[|\]$/g, '');
  try {
    return await api.listen({ host, port: Number(text.slice(cut + 1)) });
  } catch (cause) {
    const line = `${loaded.where(['api', 'listen'])}: cannot listen: ${(cause as Error).message}`;
    throw new ConfigError([line], { cause });
  }
}

async function openClusters(loaded: LoadedConfig, log: Logger): Promise<readonly ClusterReader[]> {
  const { config } = loaded;
  const sources = {
    told: toldSources(config),
    ...(config.apps.discover && { serviceLabel: config.apps.discover.services }),
  };
  const world = {
    baseFolder: dirname(resolve(loaded.file)),
    clock: systemClock,
    wall: () => new Date(),
    random: () => Math.random(),
    environment: process.env,
    log,
  };
  const opened: ClusterReader[] = [];
  for (const [index, settings] of config.clusters.entries()) {
    try {
      opened.push(await openKubernetesCluster(settings, sources, world));
    } catch (cause) {
      await Promise.all(opened.map((cluster) => cluster.close()));
      const key = settings.inCluster ? ['inCluster'] : ['kubeconfig', 'path'];
      const place = loaded.where(['clusters', index, ...key]);
      throw new ConfigError([`${place}: ${(cause as Error).message}`], { cause });
    }
  }
  return opened;
}

function openLinks(loaded: LoadedConfig): EdgeLink[] {
  return loaded.config.edges.flatMap((edge, index) => {
    const { control } = edge;
    if (control === undefined) return [];
    try {
      return [openEdgeLink({ ...edge, control })];
    } catch (cause) {
      const place = loaded.where(['edges', index, 'token', 'file']);
      throw new ConfigError([`${place}: ${(cause as Error).message}`], { cause });
    }
  });
}

function redisPlace(loaded: LoadedConfig): RedisPlace {
  const { url, user, password, tls, sentinels, masterName, sentinelPassword } = loaded.config.redis;
  const read = (file: string | undefined, ...path: string[]): string | undefined =>
    file === undefined ? undefined : readText(loaded, file, ['redis', ...path]);
  return {
    url,
    user,
    password: read(password?.file, 'password', 'file')?.trim(),
    ca: read(tls?.ca, 'tls', 'ca'),
    serverName: tls?.serverName,
    sentinels,
    masterName,
    sentinelPassword: read(sentinelPassword?.file, 'sentinelPassword', 'file')?.trim(),
  };
}

function readText(loaded: LoadedConfig, file: string, path: readonly string[]): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const line = `${loaded.where(path)}: cannot be read: ${(cause as Error).message}`;
    throw new ConfigError([line], { cause });
  }
}

function toldApps(config: Config): Map<AppName, ToldApp> {
  const told = new Map<AppName, ToldApp>();
  for (const { name, hosts, policy } of config.apps.list ?? []) {
    const settled = settlePolicy(config.apps.policy, policy);
    told.set(name, { app: name, policy: settled, ...(hosts && { hosts }) });
  }
  return told;
}

function toldSources(config: Config): AppSource[] {
  return (config.apps.list ?? []).flatMap(({ name, service, namespace, services, pods }) => {
    if (pods) return [{ app: name, services: [], pods }];
    if (services) return [{ app: name, services }];
    if (namespace === undefined) return [];
    return [{ app: name, services: [{ namespace, name: service ?? name }] }];
  });
}

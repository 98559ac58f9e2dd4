// Wires the stages by plain calls. Time, randomness, environment and sockets come in from here.
//
// Comes in: a checked configuration, later perhaps another. Goes out: a running controller with its API.
// On failure: a BallastError that names the place, before anything was started or changed.

import { dirname, join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { openDoor } from './api/door.ts';
import { readPage } from './api/page.ts';
import { buildApi } from './api/server.ts';
import { systemClock } from './clock.ts';
import { openKubernetesCluster } from './clusters/kubernetes.ts';
import type { ClusterWorld } from './clusters/world.ts';
import { createRegistry } from './clusters/registry.ts';
import { runSources } from './clusters/sources.ts';
import { ConfigError, type LoadedConfig } from './config.ts';
import { createController, type Controller } from './controller.ts';
import { counterOf } from './edges/counter.ts';
import { startCourier } from './edges/courier.ts';
import { openEdgeLink } from './edges/edge-link.ts';
import { openEdgeBook, type EdgeBook } from './edges/edge-book.ts';
import { questionEdges } from './edges/question.ts';
import { openRedisStore } from './edges/redis-store.ts';
import { collectStatistics } from './edges/statistics.ts';
import { exchangeable } from './inventory/exchangeable-vms.ts';
import { openVms, type VmWorld } from './inventory/open-vms.ts';
import { liveOf, needRestart } from './live.ts';
import { checkClusters, sealingOf, openEdges, redisPlace } from './named.ts';
import { rehearseRegularly } from './migration/rehearsal/schedule.ts';
import { rehearsalHours } from './migration/settings.ts';
import { edgesSeen } from './migration/read/edges.ts';
import { createMigrations, type Migrations } from './migration/migrations.ts';
import { followRemoved } from './removed-clusters.ts';
import { openRuns } from './runs.ts';
import { followCredentials } from './telemetry/follow-credentials.ts';
import { keepEdgeAges } from './telemetry/edge-ages.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { openNoticesOf } from './telemetry/open-notices.ts';
import { tellOfVms } from './telemetry/vm-sources.ts';
import { openTraces } from './telemetry/open-traces.ts';
import { createReporter } from './telemetry/reporter.ts';
import { showState } from './telemetry/show-state.ts';
import { ballastVersion } from './telemetry/version.ts';

/** Where set-up builds the page. */
const PAGE = join(import.meta.dirname, 'admin', 'built');

export interface Running {
  /** Where the API answers. */
  readonly url: string;
  /** Where the page is. */
  readonly page: string;
  readonly stopped: Promise<void>;
  /** Clusters, their sources, apps, VMs and weights as they now stand. Throws; then all stays. */
  reload(next: LoadedConfig): Promise<void>;
}

export async function startApp(
  loaded: LoadedConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<Running> {
  const { config } = loaded;
  const clock = systemClock;
  const random = () => Math.random();
  const version = ballastVersion();
  const metrics = createMetrics();
  metrics.buildInfo.set({ version, node: process.version }, 1);
  let live = liveOf(config);
  const forgottenHours = (): number => live.forgottenHours;
  const world = clusterWorld(loaded, log);
  await checkClusters(loaded, world);
  const door = await openDoor(loaded, world);
  const notices = await openNoticesOf(loaded, world, () => controller.leader().leading);
  const { now } = clock;
  const wall = (): number => Date.now();
  let rehearsalWanted: number | undefined;
  const traces = await openTraces(config, { environment: process.env, version, now, wall, log });
  const ages = keepEdgeAges();
  const reporter = createReporter({ log, metrics, now, traces, ages, ...notices });
  const registry = createRegistry({
    open: ({ settings, load }) => openKubernetesCluster(settings, live.wanted, world, load),
    log,
  });
  const sources = runSources(registry, world);
  await sources.configure(config);
  const links = openEdges(loaded, openEdgeLink);
  const book = openEdgeBook(new Map(config.edges.map((edge) => [edge.name, edge.control])));
  const statistics = collectStatistics();
  const vmTelling = tellOfVms(metrics, log);
  const apps = () => new Set([...live.rules.told.keys(), ...controller.apps()]);
  const vmWorld: VmWorld = {
    apps,
    clock,
    random,
    tell: (source, trouble) => vmTelling.tell(source, trouble),
  };
  const vms = exchangeable(await openVms(config, vmWorld));
  vmTelling.show(vms.sources());
  const store = openRedisStore({
    ...redisPlace(loaded),
    environment: config.environment,
    onState: (up, reason) => {
      metrics.redisUp.set(up ? 1 : 0);
      if (up) log.info('Redis answers');
      else log.warn({ reason }, 'Redis does not answer');
    },
  });
  // Where a port is to be found, it is known once the API listens, and before the first term.
  let address = door.address(`http://${config.api.listen}`);
  const courierEvents = {
    onTermOver: (highest: number) => controller.termOver(counterOf(highest)),
    onState: (state: Parameters<EdgeBook['hear']>[0]) => book.answered(state, clock.now()),
    onRefused: (edge: string, verdicts: readonly object[]) =>
      log.error({ edge, verdicts }, 'an edge refused documents'),
    onReach: (edge: string, reachable: boolean, reason: string) => {
      book.setTrouble(edge, reachable ? undefined : reason);
      log.warn({ edge, reachable, reason }, 'edge');
    },
    onPushed: (pushed: Parameters<typeof reporter.pushed>[0]) => reporter.pushed(pushed),
  };
  const couriers = links.map((link) => startCourier(link, clock, courierEvents, signal));
  const runs = openRuns({
    redis: { ...redisPlace(loaded), environment: config.environment },
    registry,
    world,
    controller: () => controller,
    book,
    statistics,
    history: store.history,
    naming: () => live.naming,
    ...sealingOf(loaded),
    metrics,
    migrations: () => migrations,
    clock,
    wall: () => new Date(),
    random,
    log,
  });
  const controller: Controller = createController({
    duty: (lease) => runs.serve(lease),
    clusters: registry,
    vms,
    rules: () => live.rules,
    term: {
      store,
      links,
      edges: config.edges.map((edge) => edge.name),
      holder: `${address}#${process.pid}-${Math.floor(random() * 2 ** 32).toString(16)}`,
      get address() {
        return address;
      },
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
    bounds: () => live.bounds,
    errors: (app, servers) => statistics.errors(app, servers, clock.now()),
    reporter,
  });
  const ready = (): { ready: boolean; why: string } => {
    const known = controller.published() !== undefined;
    return {
      ready: known,
      why: known ? (vms.trouble() ?? '') : `no state from Redis yet: ${controller.leader().phase}`,
    };
  };
  const page = await readPage(PAGE);
  const migrations: Migrations = createMigrations({
    orders: () => registry.orders(),
    world,
    controller,
    rules: () => live.migration,
    edges: () => edgesSeen(book.views(controller.published()?.mark, clock.now())),
    booked: (destination) => runs.bookings.booked(destination),
  });
  const api = buildApi({
    ...door,
    environment: config.environment,
    log,
    ...(page && { page }),
    migrations,
    controller,
    sources: () => registry.sources(),
    vms,
    book,
    statistics,
    beat: (edge, text) => store.beat(edge, text),
    edges: store,
    notes: store.notes,
    answered: (route, code) => metrics.apiRequests.inc({ route, code }),
    streams: (count) => metrics.eventClients.set(count),
    history: store.history,
    ...runs,
    clock,
    wall: () => new Date(),
    random,
    forgottenHours,
    ready,
    metrics: (accept) =>
      showState(
        metrics,
        {
          controller,
          sources: registry.sources(),
          book,
          showJobs: () => runs.show(),
          ages,
          now: now(),
          wall: wall(),
          forgottenHours: forgottenHours(),
          rehearsal: migrations.rehearsed(),
          rehearsalWanted,
          bounds: live.series,
          measured: (app) => statistics.measured(app, now()),
        },
        accept,
      ),
    signal,
  });
  const url = await door.listen(api);
  address = door.address(url);
  const work = Promise.all([
    controller.run(signal),
    followRemoved(
      {
        controller,
        clock,
        rule: () => live.removed,
        sources: () => registry.sources(),
        answered: (source) => registry.word(source) !== undefined,
      },
      signal,
    ),
    vms.follow((dirty) => controller.mark(dirty), signal),
    questionEdges(links, { statistics, book, clock }, signal),
    door.follow(api, signal),
    rehearseRegularly(
      {
        migrations,
        leads: () => controller.leader().leading,
        everyHours: () => rehearsalHours(live.migration.migration),
        wanted: (since) => (rehearsalWanted = since),
        clock,
        log,
      },
      signal,
    ),
    notices.run(signal),
    followCredentials({ metrics, registry, world, certificate: config.api.tls?.cert }, signal),
    runs.jobs.follow(signal),
  ]);
  const stopped = work.then(async () => {
    await api.close();
    // A collector in trouble holds nobody up.
    await Promise.all([
      door.close(),
      notices.close(),
      Promise.race([traces.close(), clock.sleep(2000)]),
    ]);
    await sources.close();
    await runs.close();
    await Promise.all([registry.close(), ...links.map((link) => link.close())]);
    await store.close();
  });
  const reload = async (next: LoadedConfig): Promise<void> => {
    await checkClusters(next, world);
    const nextVms = await openVms(next.config, vmWorld);
    const trouble = nextVms.trouble();
    if (trouble !== undefined)
      throw new ConfigError([`${next.where(['vms', 'file'])}: ${trouble}`]);
    vms.exchange(nextVms);
    vmTelling.show(vms.sources());
    live = liveOf(next.config);
    await registry.lookFor(live.wanted);
    await sources.configure(next.config);
    controller.mark('all');
    const waiting = needRestart(config, next.config);
    if (waiting.length > 0)
      log.warn({ keys: waiting }, 'changed, but only a restart takes them in');
  };
  return { url, page: `${url}${door.basePath}/`, stopped, reload };
}

export function clusterWorld(loaded: LoadedConfig, log: Logger): ClusterWorld {
  return {
    baseFolder: dirname(resolve(loaded.file)),
    clock: systemClock,
    wall: () => new Date(),
    random: () => Math.random(),
    environment: process.env,
    log,
  };
}

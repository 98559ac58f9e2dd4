// All clusters that the configuration leads to, opened as the program opens them, and looked into.
//
// Comes in: a checked configuration. Goes out: a section for each source in trouble and each cluster, and
// one for apps that are nowhere. On failure: a cluster whose lists are not in after the time-out is
// examined as it stands. Nothing stays open.

import { pino } from 'pino';
import { clusterWorld } from '../../app.ts';
import { type OpenCluster, openKubernetesCluster } from '../../clusters/kubernetes.ts';
import { type Credential, readCredentials } from '../../clusters/credentials.ts';
import { createRegistry, type Registry } from '../../clusters/registry.ts';
import type { ClusterSettings } from '../../clusters/settings.ts';
import { runSources } from '../../clusters/sources.ts';
import type { LoadedConfig } from '../../config.ts';
import { checkClusters } from '../../named.ts';
import { appSourcesOf } from '../../rules.ts';
import { absentApps } from './apps.ts';
import { clusterFindings } from './cluster.ts';
import { endingFindings } from './credentials.ts';
import type { Examined } from './examined.ts';
import type { Finding, Section } from './findings.ts';

const POLL_MS = 50;
const TROUBLE_MS = 3000;

export async function clusterSections(loaded: LoadedConfig, timeoutMs: number): Promise<Section[]> {
  const { config } = loaded;
  const world = clusterWorld(loaded, pino({ level: 'silent' }));
  await checkClusters(loaded, world);
  const sources = appSourcesOf(config);
  const opened = new Map<object, { cluster: OpenCluster; settings: ClusterSettings }>();
  const open: Parameters<typeof createRegistry>[0]['open'] = async ({ settings, load }) => {
    const cluster = await openKubernetesCluster(settings, sources, world, load);
    opened.set(cluster, { cluster, settings });
    return cluster;
  };
  const registry = createRegistry({ open, log: world.log });
  const running = runSources(registry, world);
  try {
    await running.configure(config);
    const examined = (): Examined[] =>
      registry.readers().flatMap((reader) => {
        const one = opened.get(reader);
        return one ? [{ ...one, sources }] : [];
      });
    const settled = (): boolean =>
      registry.sources().every(({ source }) => registry.word(source)) &&
      examined().every(({ cluster }) => isSettled(cluster, world.clock.now()));
    const deadline = world.clock.now() + timeoutMs;
    while (!settled() && world.clock.now() < deadline) await world.clock.sleep(POLL_MS);
    const certificate = config.api.tls?.cert;
    const lives = await readCredentials({ orders: registry.orders(), certificate, world });
    const now = world.wall().getTime();
    const served = endingFindings(
      lives.filter(({ use }) => use === 'api'),
      now,
    );
    return [
      ...sourceSections(registry),
      ...(await Promise.all(examined().map((one) => clusterSection(one, lives, now)))),
      ...(served.length > 0 ? [{ place: 'api', findings: served }] : []),
      ...absentSections(loaded, examined()),
    ];
  } finally {
    await running.close();
    await registry.close();
  }
}

/** Every list is in or has failed once, or the cluster as such has been in trouble for a while. */
function isSettled(cluster: OpenCluster, now: number): boolean {
  const watched = cluster.watched();
  if (watched.every(({ health }) => health.listed || health.trouble)) return true;
  return watched.some(({ health: { trouble } }) => trouble && now - trouble.since > TROUBLE_MS);
}

async function clusterSection(
  examined: Examined,
  lives: readonly Credential[],
  now: number,
): Promise<Section> {
  const { name } = examined.cluster;
  const own = lives.filter(({ cluster }) => cluster === name);
  const findings = [...(await clusterFindings(examined)), ...endingFindings(own, now)];
  return { place: `cluster ${name}`, findings };
}

function sourceSections(registry: Registry): Section[] {
  return registry.sources().flatMap(({ source, trouble }) => {
    const silent = registry.word(source) ? [] : ['it has not answered in time'];
    const findings = [...trouble, ...silent].map((text): Finding => {
      const fix = 'mend what is said; until then its clusters are not there, or stay as they were';
      return { level: 'error', code: 'source-trouble', text, fix };
    });
    return findings.length === 0 ? [] : [{ place: source, findings }];
  });
}

/** Said only where all clusters are known. */
function absentSections(loaded: LoadedConfig, examined: readonly Examined[]): Section[] {
  const clusters = examined.map(({ cluster }) => cluster);
  if (clusters.some((cluster) => cluster.status().state !== 'fresh')) return [];
  const { told } = appSourcesOf(loaded.config);
  return absentApps(told, clusters).map((app) => {
    const index = (loaded.config.apps.list ?? []).findIndex(({ name }) => name === app);
    const finding: Finding = {
      level: 'warning',
      code: 'nothing-selected',
      text: `no cluster has the Services or pods that the configuration names for ${app}`,
      fix: 'correct namespace and name there, or deploy the app',
    };
    return { place: loaded.where(['apps', 'list', index, 'name']), findings: [finding] };
  });
}

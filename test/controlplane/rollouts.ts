// The real Argo Rollouts in a cluster: its kinds, and its controller.
//
// In: a cluster. Out: the controller, which follows it. On failure: an error that quotes its log. Nothing
// stays, in whatever way the test process ends.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../src/clusters/cluster-writer.ts';
import { build } from './build.ts';
import type { ControlPlane } from './cluster.ts';
import { startKeeper } from './keeper.ts';
import { Part } from './part.ts';
import { freePorts } from './ports.ts';
import { answers } from './readiness.ts';
import { until } from './until.ts';

const START_MS = 120_000;

/** Resolves when the API server serves them. */
export async function installRollouts(plane: ControlPlane): Promise<void> {
  const { rollouts = '' } = await build(['rollouts']);
  const text = await readFile(join(rollouts, 'crds.yaml'), 'utf8');
  const definitions = parseAllDocuments(text).map((one) => one.toJS() as KubernetesObject | null);
  await plane.admin.apply(...definitions.filter((one) => one !== null));
  const served = () => plane.admin.list({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' });
  await until('Rollouts are served', async () => Array.isArray(await served()), START_MS);
}

export interface RolloutsController {
  close(): Promise<void>;
}

export async function startRollouts(plane: ControlPlane): Promise<RolloutsController> {
  const { rollouts = '' } = await build(['rollouts']);
  const folder = await mkdtemp(join(tmpdir(), 'ballast-rollouts-'));
  await mkdir(join(folder, 'logs'));
  const keeper = startKeeper(folder);
  const [metrics = 0, health = 0] = await freePorts(2);
  const args = [
    `--kubeconfig=${plane.adminKubeconfig}`,
    '--leader-elect=false',
    '--namespaced=false',
    `--metricsport=${metrics}`,
    `--healthzPort=${health}`,
  ];
  const binary = join(rollouts, 'rollouts');
  const part = new Part({ name: 'rollouts', binary, args }, { folder, keeper });
  const close = async (): Promise<void> => {
    await part.stop();
    keeper.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    part.start();
    await part.ready(() => answers(`http://127.0.0.1:${health}/healthz`), START_MS);
    return { close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

// Everything a cluster consists of, before anything runs: folder, tokens, kubeconfigs, ports, parts.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Tokens, writeKubeconfig, writeServiceAccountKey, writeTokens } from './access.ts';
import type { Built } from './build.ts';
import * as commands from './commands.ts';
import { type Keeper, startKeeper } from './keeper.ts';
import { Part } from './part.ts';
import { freePorts } from './ports.ts';

export interface ClusterOptions {
  readonly name: string;
  /** Where the cluster's own folder is made; the system's folder for temporary files if absent. */
  readonly dir?: string;
  /** Groups of nodes that can be silenced, told apart by the label `test.ballast.io/group`. The first
   *  one also takes the nodes without that label. One group if absent: `main`. */
  readonly groups?: readonly string[];
  /** Seconds without a word after which a node is NotReady. Kubernetes' own value if absent: 50. */
  readonly nodeGraceSeconds?: number;
  /** Users besides `ballast`, each with a token and a kubeconfig, and no rights. */
  readonly users?: readonly string[];
  /** Further flags, such as `--etcd-compaction-interval=10s` for resource versions that expire. */
  readonly apiServerFlags?: readonly string[];
}

export interface Kubelets {
  readonly part: Part;
  readonly healthUrl: string;
  readonly nodeSelector: string;
}

export interface Assembly {
  readonly folder: string;
  readonly url: string;
  readonly caFile: string;
  readonly tokens: Tokens;
  readonly keeper: Keeper;
  readonly ports: readonly number[];
  readonly etcd: Part;
  readonly etcdUrl: string;
  readonly apiServer: Part;
  readonly controllerManager: Part;
  readonly scheduler: Part;
  readonly kubelets: ReadonlyMap<string, Kubelets>;
}

export async function assemble(options: ClusterOptions, built: Built): Promise<Assembly> {
  const { name, groups = ['main'], nodeGraceSeconds = 50, users = [] } = options;
  const folder = await mkdtemp(join(options.dir ?? tmpdir(), `ballast-${name}-`));
  // Before the first process and the first secret.
  const keeper = startKeeper(process.env['CONTROLPLANE_KEEP'] ? '' : folder);
  await mkdir(join(folder, 'logs'));
  await writeServiceAccountKey(folder);
  const tokens = await writeTokens(folder, ['ballast', ...users]);

  const ports = await freePorts(3 + groups.length);
  const [etcd = 0, etcdPeer = 0, api = 0, ...groupPorts] = ports;
  const url = `https://127.0.0.1:${api}`;
  const caFile = join(folder, 'certs', 'apiserver.crt');
  for (const [user, token] of tokens) {
    await writeKubeconfig(kubeconfigPath(folder, user), { name, url, caFile }, user, token);
  }

  const layout = {
    built,
    folder,
    adminKubeconfig: kubeconfigPath(folder, 'admin'),
    ports: { etcd, etcdPeer, api },
  };
  const part = (command: commands.Command) => new Part(command, { folder, keeper });
  const kubelets = groupPorts.map((port, index): [string, Kubelets] => {
    const group = { name: groups[index] ?? '', index, port, all: groups };
    return [
      group.name,
      {
        part: part(commands.kwokCommand(layout, group, nodeGraceSeconds)),
        healthUrl: `http://127.0.0.1:${port}/healthz`,
        nodeSelector: commands.nodeSelector(group),
      },
    ];
  });
  return {
    folder,
    url,
    caFile,
    tokens,
    keeper,
    ports,
    etcd: part(commands.etcdCommand(layout)),
    etcdUrl: `http://127.0.0.1:${etcd}`,
    apiServer: part(commands.apiServerCommand(layout, options.apiServerFlags ?? [])),
    controllerManager: part(commands.controllerManagerCommand(layout, nodeGraceSeconds)),
    scheduler: part(commands.schedulerCommand(layout)),
    kubelets: new Map(kubelets),
  };
}

export function kubeconfigPath(folder: string, user: string): string {
  return join(folder, `${user}.kubeconfig`);
}

// The real Velero, which backs a real cluster up to a real S3 server.
//
// In: a cluster. Out: backups in a bucket, in exactly the form that Velero writes. On failure: an error that
// quotes the log of the part that failed. Nothing stays, in whatever way the test process ends.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { build } from './build.ts';
import type { ControlPlane } from './cluster.ts';
import { startKeeper } from './keeper.ts';
import { namespace } from './objects.ts';
import { Part } from './part.ts';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

const START_MS = 120_000;
const BACKUP_MS = 180_000;
export const BUCKET = 'backups';

export interface S3 {
  readonly url: string;
  readonly folder: string;
  /** In the form of AWS's shared credentials. */
  readonly credentials: string;
  /** Of the bucket, as they lie on disk. */
  files(path: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export async function startS3(): Promise<S3> {
  const { versitygw = '' } = await build(['versitygw']);
  const folder = await mkdtemp(join(tmpdir(), 'ballast-s3-'));
  const data = join(folder, 'data');
  await mkdir(join(folder, 'logs'));
  await mkdir(join(data, BUCKET), { recursive: true });
  const credentials = join(folder, 'credentials');
  const keys = { aws_access_key_id: 'reader', aws_secret_access_key: 'reader-secret' };
  const lines = Object.entries(keys).map(([key, value]) => `${key} = ${value}`);
  await writeFile(credentials, `[default]\n${lines.join('\n')}\n`);
  const keeper = startKeeper(folder);
  const [port = 0] = await freePorts(1);
  const env = { ROOT_ACCESS_KEY: 'reader', ROOT_SECRET_KEY: 'reader-secret' };
  const args = ['--port', `127.0.0.1:${port}`, 'posix', data];
  const binary = join(versitygw, 'versitygw');
  const part = new Part({ name: 'versitygw', binary, args, env }, { folder, keeper });
  const url = `http://127.0.0.1:${port}`;
  part.start();
  await part.ready(async () => (await fetch(url)).status > 0, START_MS);
  return {
    url,
    folder,
    credentials,
    files: (path) => readdir(join(data, BUCKET, path)),
    async close() {
      await part.stop();
      await rm(folder, { recursive: true, force: true });
      keeper.close();
    },
  };
}

export interface Velero {
  /** Completed, of these namespaces. */
  backup(name: string, namespaces: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Into the bucket, under the prefix. */
export async function startVelero(plane: ControlPlane, s3: S3, prefix: string): Promise<Velero> {
  const { velero = '', 'velero-s3': plugins = '' } = await build(['velero', 'velero-s3']);
  const binary = join(velero, 'velero');
  const crds = ['install', '--crds-only', '--dry-run', '-o', 'yaml'];
  const { stdout } = await promisify(execFile)(binary, crds, { maxBuffer: 64 << 20 });
  const list = parseAllDocuments(stdout).map((one) => one.toJS() as KubernetesObject & Items);
  const definitions = list.flatMap((one) => one.items ?? [one]);
  await plane.admin.apply(...definitions, namespace('velero'));
  const folder = await mkdtemp(join(tmpdir(), 'ballast-velero-'));
  await mkdir(join(folder, 'logs'));
  const keeper = startKeeper(folder);
  const [metrics = 0, profiler = 0] = await freePorts(2);
  const args = [
    'server',
    '--namespace=velero',
    `--plugin-dir=${plugins}`,
    `--metrics-address=127.0.0.1:${metrics}`,
    `--profiler-address=127.0.0.1:${profiler}`,
    `--kubeconfig=${plane.kubeconfig('admin')}`,
  ];
  const env = {
    AWS_SHARED_CREDENTIALS_FILE: s3.credentials,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const location = {
    apiVersion: 'velero.io/v1',
    kind: 'BackupStorageLocation',
    metadata: { name: 'default', namespace: 'velero' },
    spec: {
      provider: 'aws',
      default: true,
      objectStorage: { bucket: BUCKET, prefix },
      config: { region: 'us-east-1', s3ForcePathStyle: 'true', s3Url: s3.url },
    },
  };
  const phaseOf = async (object: KubernetesObject): Promise<string | undefined> =>
    (await plane.admin.get<KubernetesObject & Phased>(object)).status?.phase;
  await until('locations are served', () => plane.admin.apply(location).then(() => true));
  const part = new Part({ name: 'velero', binary, args, env }, { folder, keeper });
  part.start();
  await part.ready(async () => (await phaseOf(location)) === 'Available', START_MS);
  return {
    async backup(name, namespaces) {
      const object = {
        apiVersion: 'velero.io/v1',
        kind: 'Backup',
        metadata: { name, namespace: 'velero' },
        spec: {
          includedNamespaces: [...namespaces],
          snapshotVolumes: false,
          storageLocation: 'default',
        },
      };
      await plane.admin.create(object);
      const ended = async () => {
        const phase = (await phaseOf(object)) ?? 'New';
        return /^(Completed|.*Failed.*)$/.test(phase) && phase;
      };
      const phase = await until(`backup ${name} is made`, ended, BACKUP_MS);
      if (phase !== 'Completed') throw new Error(`${name}: ${phase}\n${await part.lastLines(40)}`);
    },
    async close() {
      await part.stop();
      await rm(folder, { recursive: true, force: true });
      keeper.close();
    },
  };
}

interface Items {
  readonly items?: readonly KubernetesObject[];
}

interface Phased {
  readonly status?: { readonly phase?: string };
}

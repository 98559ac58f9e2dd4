// Both Helms, built from their modules, and what they make of the chart.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { Built } from './build.ts';

export const HELMS = ['helm3', 'helm4'] as const;
export type Helm = (typeof HELMS)[number];

export const CHART = join(import.meta.dirname, '..', '..', 'deploy', 'chart');

const run = promisify(execFile);

export async function runHelm(
  built: Built,
  which: Helm,
  args: readonly string[],
  own: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', ...own };
  const { stdout } = await run(join(built[which] ?? '', which), args, { env, maxBuffer: 1 << 26 });
  return stdout;
}

export function renderChart(built: Built, which: Helm, args: readonly string[]): Promise<string> {
  const version = ['--kube-version', '1.36.0'];
  return runHelm(built, which, [
    'template',
    'ballast',
    CHART,
    '-n',
    'ballast',
    ...version,
    ...args,
  ]);
}

export const objectsOf = (text: string): KubernetesObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);

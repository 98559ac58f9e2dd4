// What KubeFed makes of a template, and what it changes in it for a cluster.

import { usualApiVersion, workloadFault } from '../kinds.ts';
import type { JsonStep, Manifest, PatchRule } from '../model.ts';
import { pathFault } from '../patch/json-pointer.ts';
import type { Report } from '../report.ts';
import type { Federated } from '../schemas/kubefed.ts';
import { isMap } from '../document.ts';
import type { Read } from './checked.ts';

/** Name, namespace and kind are the Federated object's. Annotations and finalizers are dropped. */
export function objectOf(
  { document, read, namespace }: Read<Federated>,
  report: Report,
): Manifest | undefined {
  const kind = read.kind.replace(/^Federated/, '');
  const template = read.spec.template ?? {};
  const metadata = metadataOf(template, (key) => {
    const text = `are dropped by KubeFed: use an override for ${key}`;
    report.warn('has-no-effect', document.where(['spec', 'template', 'metadata', key]), text);
  });
  const apiVersion = template['apiVersion'] ?? usualApiVersion(kind);
  if (typeof apiVersion !== 'string') {
    const text = `is missing: the usual one of a ${kind} is not known`;
    report.fault(document, ['spec', 'template', 'apiVersion'], text);
    return undefined;
  }
  const name = read.metadata.name;
  const place = kind === 'Namespace' ? { name } : { name, namespace };
  const object = { ...template, apiVersion, kind, metadata: { ...metadata, ...place } };
  const fault = workloadFault(object);
  if (!fault) return object;
  const text = fault.path.length === 1 ? 'template has no spec' : fault.text;
  report.fault(document, ['spec', 'template', ...fault.path], text);
  return undefined;
}

function metadataOf(
  template: Record<string, unknown>,
  tell: (key: string) => void,
): Record<string, unknown> {
  const { metadata } = template;
  if (!isMap(metadata)) return {};
  const { annotations, finalizers, ...rest } = metadata;
  for (const [key, value] of Object.entries({ annotations, finalizers })) {
    if (Object.keys(value ?? {}).length > 0) tell(key);
  }
  return rest;
}

/** What names an object must not differ between clusters. */
const REFUSED = new Set([
  '/metadata/namespace',
  '/metadata/name',
  '/metadata/generateName',
  '/kind',
]);
export const REPLICAS_PATH = '/spec/replicas';

export function patchesOf(
  { document, read }: Read<Federated>,
  scheduled: boolean,
  report: Report,
): PatchRule[] {
  const seen = new Set<string>();
  return (read.spec.overrides ?? []).map(({ clusterName, clusterOverrides = [] }, index) => {
    const path = ['spec', 'overrides', index];
    if (seen.has(clusterName)) {
      report.fault(document, [...path, 'clusterName'], `${clusterName} stands twice`);
    }
    seen.add(clusterName);
    const paths = new Set<string>();
    const steps = clusterOverrides.map((written, at): JsonStep => {
      const here = [...path, 'clusterOverrides', at, 'path'];
      const fault = stepFault(written.path, paths);
      if (fault !== undefined) report.fault(document, here, fault);
      if (scheduled && written.path === REPLICAS_PATH) {
        const text = 'has no effect: the ReplicaSchedulingPreference writes its own number there';
        report.warn('has-no-effect', document.where(here), text);
      }
      paths.add(written.path);
      const { op: operator = 'replace', ...rest } = written;
      return { kind: 'json', operator, ...rest };
    });
    return {
      from: `${read.kind} ${read.metadata.name}, overrides of ${clusterName}`,
      place: document.where(path),
      clusters: { names: [clusterName], exclude: [], labels: [], fields: [] },
      steps,
    };
  });
}

function stepFault(path: string, before: ReadonlySet<string>): string | undefined {
  if (REFUSED.has(path)) return `${path} cannot differ between clusters`;
  if (before.has(path)) return `${path} stands twice for this cluster`;
  return pathFault(path);
}

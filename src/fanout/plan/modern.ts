// Versions that clusters no longer serve, written as those they do.
//
// apps/v1 also wants a selector, which the old versions made of the template's labels.

import { isMap } from '../document.ts';
import type { Manifest } from '../model.ts';

const OLD = new Set(['extensions/v1beta1', 'apps/v1beta1', 'apps/v1beta2']);
const KINDS = new Set(['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet']);

export interface Modern {
  readonly object: Manifest;
  readonly notes: readonly string[];
}

export function modernise(object: Manifest): Modern {
  if (!OLD.has(object.apiVersion) || !KINDS.has(object.kind)) return { object, notes: [] };
  const notes = [
    `apps/v1 instead of ${object.apiVersion}, which clusters from 1.16 on do not serve`,
  ];
  const modern = { ...object, apiVersion: 'apps/v1' };
  const { spec } = object;
  if (!isMap(spec) || spec['selector'] !== undefined) return { object: modern, notes };
  const matchLabels = templateLabels(spec);
  if (!matchLabels) return { object: modern, notes };
  const text = 'the selector is made of the template’s labels';
  return {
    object: { ...modern, spec: { ...spec, selector: { matchLabels } } },
    notes: [...notes, text],
  };
}

function templateLabels(spec: Record<string, unknown>): Record<string, unknown> | undefined {
  const { template } = spec;
  const metadata = isMap(template) ? template['metadata'] : undefined;
  const labels = isMap(metadata) ? metadata['labels'] : undefined;
  return isMap(labels) ? labels : undefined;
}

// Services: addresses that the source's cluster gave stay there; a node port goes along only where
// someone wrote it.

import {
  at,
  fieldsOf,
  groupOf,
  isFields,
  listOf,
  textAt,
  textsAt,
  warn,
  type Fields,
  type Finding,
  type Manifest,
} from './manifest.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** A Rollout's hash in a selector says which version, not which app. */
export function selects(service: Manifest, labels: Readonly<Record<string, string>>): boolean {
  if (service.kind !== 'Service' || groupOf(service) !== '') return false;
  const selector = Object.entries(textsAt(service, 'spec', 'selector')).filter(
    ([key]) => key !== 'rollouts-pod-template-hash',
  );
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}

/** Changes the draft, a copy of `source`. */
export function cleanService(draft: Fields, source: Manifest): Finding[] {
  const spec = fieldsOf(draft['spec']);
  if (spec['clusterIP'] !== 'None') delete spec['clusterIP'];
  const addresses = spec['clusterIPs'];
  if (!Array.isArray(addresses) || addresses[0] !== 'None') delete spec['clusterIPs'];
  delete spec['ipFamilies'];
  delete spec['loadBalancerIP'];
  if (spec['type'] === 'LoadBalancer') delete spec['externalIPs'];
  delete fieldsOf(spec['selector'])['rollouts-pod-template-hash'];
  return [
    ...cleanNodePorts(spec, source),
    ...cleanHealthPort(spec, source),
    ...selectorFindings(spec, source),
  ];
}

function selectorFindings(spec: Fields, source: Manifest): Finding[] {
  if (spec['type'] === 'ExternalName' || Object.keys(fieldsOf(spec['selector'])).length > 0)
    return [];
  return [warn(source, 'no-selector', 'it selects no pods; what it leads to is not moved')];
}

function cleanNodePorts(spec: Fields, source: Manifest): Finding[] {
  const written = writtenPorts(source);
  const findings: Finding[] = [];
  for (const port of listOf(spec['ports'])) {
    const { nodePort } = port;
    if (nodePort === undefined) continue;
    if (written(port)) findings.push(taken(source, `node port ${String(nodePort)}`));
    else delete port['nodePort'];
  }
  return findings;
}

function taken(source: Manifest, what: string): Finding {
  return warn(source, 'node-port', `${what} is kept, and may be taken there`);
}

/** By the last applied configuration where there is one, else by who manages the field. */
function writtenPorts(source: Manifest): (port: Fields) => boolean {
  const applied = lastApplied(source);
  if (applied) return (port) => isApplied(applied, port);
  const keys = new Set<string>();
  for (const entry of managedSpecs(source))
    for (const [key, port] of Object.entries(fieldsOf(at(entry, 'f:ports'))))
      if (isFields(port) && Object.hasOwn(port, 'f:nodePort')) keys.add(key);
  return ({ port, protocol = 'TCP' }) =>
    keys.has(`k:{"port":${String(port)},"protocol":"${String(protocol)}"}`);
}

/** By name; where it has none, by its number. */
function isApplied(applied: Fields, { name, nodePort }: Fields): boolean {
  return listOf(at(applied, 'spec', 'ports')).some((one) => {
    const number = Number(one['nodePort'] ?? 0);
    if (number <= 0) return false;
    return name === undefined || name === '' ? number === nodePort : one['name'] === name;
  });
}

function cleanHealthPort(spec: Fields, source: Manifest): Finding[] {
  const port = spec['healthCheckNodePort'];
  if (port === undefined) return [];
  const applied = Number(at(lastApplied(source), 'spec', 'healthCheckNodePort') ?? 0) > 0;
  const managed = managedSpecs(source).some((entry) =>
    Object.hasOwn(entry, 'f:healthCheckNodePort'),
  );
  if (applied || managed) return [taken(source, `health check node port ${String(port)}`)];
  delete spec['healthCheckNodePort'];
  return [];
}

function lastApplied({ metadata }: Manifest): Fields | undefined {
  const text = textAt(metadata, 'annotations', LAST_APPLIED);
  if (text === undefined) return undefined;
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    // Someone's own text: nothing was applied by it.
    return undefined;
  }
}

function managedSpecs({ metadata }: Manifest): Fields[] {
  return listOf(metadata['managedFields']).map((entry) =>
    fieldsOf(at(entry, 'fieldsV1', 'f:spec')),
  );
}

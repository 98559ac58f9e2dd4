// A hundred objects of a team, and how a server gives them back: with what it fills in.

export const OBJECTS = 100;

export interface BenchObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly [field: string]: unknown;
}

/** Deployments, Services and ConfigMaps, in turn. */
export function objectsOf(): BenchObject[] {
  return Array.from({ length: OBJECTS }, (_, at) => {
    const metadata = { name: `app-${at}`, namespace: 'prod' };
    const selector = { app: `app-${at}` };
    if (at % 3 === 1) {
      const spec = { selector, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
      return { apiVersion: 'v1', kind: 'Service', metadata, spec };
    }
    if (at % 3 === 2) {
      const data = Object.fromEntries(
        Array.from({ length: 20 }, (__, key) => [`k${key}`, `${at}`]),
      );
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
    }
    return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: deploymentSpec(at) };
  });
}

function deploymentSpec(at: number): object {
  const labels = { app: `app-${at}` };
  const env = Array.from({ length: 12 }, (_, key) => ({ name: `NAME_${key}`, value: `${at}` }));
  const requests = { cpu: '250m', memory: '256Mi' };
  const container = (name: string) => ({
    name,
    image: `registry.example.com/${name}:1.${at}`,
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    resources: { requests, limits: { memory: '512Mi' } },
    env,
  });
  const containers = [container('main'), container('proxy')];
  const template = { metadata: { labels }, spec: { containers } };
  return { replicas: 40, selector: { matchLabels: labels }, template };
}

/** As it lives: every second one otherwise than it is wanted. */
export function livingOf(object: BenchObject, at: number): BenchObject {
  const labels = { 'ballast.io/fan-out': 'bench' };
  const text = JSON.stringify(object);
  const old = at % 2 === 0 ? text.replaceAll(':1.', ':0.') : text;
  const { metadata, ...rest } = JSON.parse(old) as BenchObject;
  const status = object.kind === 'Deployment' ? { status: { readyReplicas: 40 } } : {};
  const filled = {
    annotations: { 'deployment.kubernetes.io/revision': '7' },
    managedFields: [{ manager: 'ballast', operation: 'Apply', fieldsV1: ownedFields(rest) }],
  };
  const meta: BenchObject['metadata'] = Object.assign(metadata, { labels }, filled);
  return { ...rest, ...status, metadata: meta } as BenchObject;
}

/** As a server notes them, by name where lists have names. */
function ownedFields(value: unknown): object {
  if (Array.isArray(value)) {
    const named = value.filter((item: unknown) => isMap(item) && typeof item['name'] === 'string');
    return Object.fromEntries(
      named.map((item) => [`k:${JSON.stringify({ name: item.name })}`, ownedFields(item)]),
    );
  }
  if (!isMap(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [`f:${key}`, ownedFields(inner)]),
  );
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

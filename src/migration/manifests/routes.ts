// Ingresses and HTTPRoutes: to which Services they lead, and what they need.

import { at, groupOf, listOf, textAt, textsAt, type Fields, type Manifest } from './manifest.ts';
import type { Reference } from './reference.ts';

/** Where nginx's ingress controller names Secrets: `name`, or `namespace/name`. */
const SECRET_ANNOTATIONS = ['auth-secret', 'auth-tls-secret', 'proxy-ssl-secret'];

export function routesTo(object: Manifest, services: ReadonlySet<string>): boolean {
  return endsOf(object).some(({ kind, name, isHere }) => {
    return kind === 'Service' && isHere && services.has(name);
  });
}

/** Where a route leads to. */
export interface RouteEnd {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** In the route's own namespace, and of the core group where it is a Service. */
  readonly isHere: boolean;
}

export function endsOf(object: Manifest): RouteEnd[] {
  const group = groupOf(object);
  const { kind } = object;
  if (kind === 'Ingress' && group === 'networking.k8s.io') return ingressEnds(object);
  if (kind === 'HTTPRoute' && group === 'gateway.networking.k8s.io') return routeEnds(object);
  return [];
}

function ingressEnds({ metadata: { namespace = '' }, spec }: Manifest): RouteEnd[] {
  const paths = listOf(at(spec, 'rules')).flatMap((rule) => listOf(at(rule, 'http', 'paths')));
  const ends = [
    at(spec, 'defaultBackend'),
    at(spec, 'backend'),
    ...paths.map((path) => path['backend']),
  ];
  return ends.flatMap((end) => {
    // Before networking.k8s.io/v1 the name stood beside the port.
    const name = textAt(end, 'service', 'name') ?? textAt(end, 'serviceName');
    if (name !== undefined) return { kind: 'Service', namespace, name, isHere: true };
    const other = textAt(end, 'resource', 'name');
    const kind = textAt(end, 'resource', 'kind') ?? 'resource';
    return other === undefined ? [] : { kind, namespace, name: other, isHere: true };
  });
}

function routeEnds({ metadata: { namespace: own = '' }, spec }: Manifest): RouteEnd[] {
  const ends = listOf(at(spec, 'rules')).flatMap((rule) => listOf(rule['backendRefs']));
  return ends.flatMap((end) => {
    const name = textAt(end, 'name');
    const kind = textAt(end, 'kind') ?? 'Service';
    const namespace = textAt(end, 'namespace') ?? own;
    const isHere = namespace === own && (kind !== 'Service' || textAt(end, 'group') === undefined);
    return name === undefined ? [] : { kind, namespace, name, isHere };
  });
}

export function routeReferences({ kind, metadata, spec }: Manifest): Reference[] {
  if (kind === 'HTTPRoute')
    return listOf(at(spec, 'parentRefs')).flatMap((parent) =>
      gatewayReference(parent, metadata.namespace),
    );
  const certificates = listOf(at(spec, 'tls')).map((one) => textAt(one, 'secretName'));
  const own = new Set([...certificates, ...annotated({ metadata })]);
  return [...own]
    .filter((name) => name !== undefined)
    .map((name) => ({ group: '', kind: 'Secret', name, by: 'tls or annotation' }));
}

function annotated({ metadata }: Pick<Manifest, 'metadata'>): string[] {
  const texts = textsAt(metadata, 'annotations');
  return SECRET_ANNOTATIONS.flatMap((key) => {
    const value = texts[`nginx.ingress.kubernetes.io/${key}`];
    if (value === undefined) return [];
    const [namespace, name] = value.includes('/') ? value.split('/') : [metadata.namespace, value];
    return name !== undefined && namespace === metadata.namespace ? [name] : [];
  });
}

function gatewayReference(parent: Fields, own: string | undefined): Reference[] {
  const name = textAt(parent, 'name');
  const { kind = 'Gateway', namespace = own } = parent;
  if (name === undefined || kind !== 'Gateway') return [];
  const group = 'gateway.networking.k8s.io';
  return [{ group, kind: 'Gateway', name: `${String(namespace)}/${name}`, by: 'parentRefs' }];
}

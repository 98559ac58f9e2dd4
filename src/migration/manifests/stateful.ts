// What keeps data: refused unless told otherwise, and then moved without it.

import {
  at,
  fieldsOf,
  listOf,
  refuse,
  warn,
  type Fields,
  type Finding,
  type Manifest,
} from './manifest.ts';

interface StatefulAsk {
  readonly storageClasses: Readonly<Record<string, string>>;
  readonly stateful: boolean;
}

export function cleanStatefulSet(draft: Fields, source: Manifest, ask: StatefulAsk): Finding[] {
  const claims = listOf(at(draft, 'spec', 'volumeClaimTemplates'));
  for (const claim of claims) {
    delete claim['status'];
    delete fieldsOf(claim['metadata'])['creationTimestamp'];
    unbind(fieldsOf(claim['spec']), ask);
  }
  return claims.length === 0 ? [] : statefulFindings(source, ask);
}

export function cleanClaim(draft: Fields, source: Manifest, ask: StatefulAsk): Finding[] {
  unbind(fieldsOf(draft['spec']), ask);
  return statefulFindings(source, ask);
}

function unbind(spec: Fields, { storageClasses }: StatefulAsk): void {
  delete spec['volumeName'];
  delete spec['dataSource'];
  delete spec['dataSourceRef'];
  const name = spec['storageClassName'];
  if (typeof name === 'string' && Object.hasOwn(storageClasses, name))
    spec['storageClassName'] = storageClasses[name];
}

function statefulFindings(source: Manifest, { stateful }: StatefulAsk): Finding[] {
  const text = 'it keeps data, which is not moved';
  return [stateful ? warn(source, 'stateful', text) : refuse(source, 'stateful', text)];
}

/** Paths of nodes: what is there stays there. */
export function hostPathFindings(source: Manifest, spec: unknown): Finding[] {
  const paths = listOf(at(spec, 'volumes')).flatMap(({ hostPath }) => {
    const path = at(hostPath, 'path');
    return typeof path === 'string' ? [path] : [];
  });
  if (paths.length === 0) return [];
  return [
    warn(source, 'host-path', `it reads ${paths.join(', ')} of its node, which is not moved`),
  ];
}

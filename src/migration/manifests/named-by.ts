// What an object names of its namespace, whatever kind it is of. Pure.
//
// Routes name what they need themselves; whom they lead to is another question (routes.ts).

import { at, listOf, textAt, type Manifest } from './manifest.ts';
import { templateOf } from './pod-template.ts';
import { podReferences, type Reference } from './reference.ts';
import { analysisReferences, rolloutReferences } from './rollout.ts';
import { routeReferences } from './routes.ts';

/** `template`: of its pods, where they run by another one than it has now. */
export function namedBy(object: Manifest, template: unknown = templateOf(object)): Reference[] {
  switch (object.kind) {
    case 'ServiceAccount':
      return accountReferences(object);
    case 'AnalysisTemplate':
      return analysisReferences(object);
    case 'Ingress':
    case 'HTTPRoute':
      return routeReferences(object);
    case 'Rollout':
      return [...rolloutReferences(object), ...templateReferences(template)];
    case 'StatefulSet':
      return [...governingService(object), ...templateReferences(template)];
    default:
      return templateReferences(template);
  }
}

/** What pods get by their account; the account works without it. */
function accountReferences(account: Manifest): Reference[] {
  const lists = [...listOf(account['imagePullSecrets']), ...listOf(account['secrets'])];
  return lists.flatMap((one) => {
    const name = textAt(one, 'name');
    return name === undefined
      ? []
      : [{ group: '', kind: 'Secret', name, by: 'its list', optional: true }];
  });
}

function governingService({ spec }: Manifest): Reference[] {
  const name = textAt(spec, 'serviceName');
  return name === undefined ? [] : [{ group: '', kind: 'Service', name, by: 'serviceName' }];
}

function templateReferences(template: unknown): Reference[] {
  const pods = at(template, 'spec');
  return pods === undefined ? [] : podReferences(pods);
}

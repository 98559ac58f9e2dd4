// Which apps a request names, and where they are told to be. Pure.

import type { AppSource, AppSources } from '../../clusters/cluster.ts';
import { parseSelector } from '../../clusters/selector.ts';
import { textAt, type Finding, type FindingCode, type Manifest } from '../manifests/manifest.ts';
import type { AppWorld, PlanWorld } from '../plan/model.ts';
import type { AppName } from '../../model.ts';

export type AppImportance = Pick<AppWorld, 'core' | 'importance' | 'floor'>;

const UNTOLD: AppImportance = { core: false, importance: 0, floor: 1 };

export interface KnownApps {
  readonly sources: AppSources;
  readonly importance: ReadonlyMap<AppName, AppImportance>;
  readonly names: ReadonlySet<AppName>;
}

/** Where nothing says in which namespace it is, that has to be looked for. */
export function resolveApp(asked: string, known: KnownApps): AppWorld {
  const parts = asked.split('/');
  const app = parts.at(-1) ?? '';
  const world: AppWorld = { asked, app, ...(known.importance.get(app) ?? UNTOLD) };
  if (parts.length > 2 || parts.includes(''))
    return { ...world, trouble: refusal(asked, 'app-unknown', 'write APP or NAMESPACE/APP') };
  const source = known.sources.told.find((one) => one.app === app);
  const named = parts.length === 2 ? parts[0] : undefined;
  if (!source) return { ...world, ...discovered(asked, named, known.names.has(app)) };
  const selects = source.pods && selectorOf(source.pods.map(({ selector }) => selector));
  return { ...world, ...(selects && { selects }), ...told(asked, named, toldNamespaces(source)) };
}

type Place = Pick<AppWorld, 'namespace' | 'trouble'>;

function discovered(asked: string, named: string | undefined, isKnown: boolean): Place {
  if (named !== undefined) return { namespace: named };
  return isKnown ? {} : { trouble: refusal(asked, 'app-unknown', 'nothing names such an app') };
}

function told(asked: string, named: string | undefined, all: readonly string[]): Place {
  if (named !== undefined && all.length > 0 && !all.includes(named)) {
    const text = `the configuration has it in ${all.join(', ')}`;
    return { trouble: refusal(asked, 'app-unknown', text) };
  }
  const [first] = all;
  if (named === undefined && all.length > 1) {
    const text = `it is in ${all.join(', ')}: name one, as ${first}/${asked}`;
    return { trouble: refusal(asked, 'several-namespaces', text) };
  }
  const namespace = named ?? first;
  return namespace === undefined ? {} : { namespace };
}

export function refusal(asked: string, code: FindingCode, text: string): Finding {
  return { severity: 'refuse', code, object: `app ${asked}`, text };
}

function toldNamespaces({ services, pods = [] }: AppSource): string[] {
  return [...new Set([...services, ...pods].map(({ namespace }) => namespace))];
}

function selectorOf(selectors: readonly string[]): AppWorld['selects'] {
  const matchers = selectors.map((one) => parseSelector(one));
  return (labels) => matchers.some((matches) => matches?.(labels));
}

/** By the configuration, else by the label that Services are discovered by. */
export function ownerOf({ told, serviceLabel }: AppSources): PlanWorld['appOf'] {
  const owners = new Map(
    told.flatMap(({ app, services }) =>
      services.map(({ namespace, name }) => [`${namespace}/${name}`, app] as const),
    ),
  );
  return ({ metadata }: Manifest) => {
    const owner = owners.get(`${metadata.namespace ?? ''}/${metadata.name}`);
    const found = owner ?? (serviceLabel && textAt(metadata, 'labels', serviceLabel));
    return found || undefined;
  };
}

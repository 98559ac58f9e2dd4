// Slim records of Argo Rollouts, and which Services they make one app. Pure.
//
// A Rollout moves an app's pods from one of its Services to the other. The app is the one that has
// any of them, by configuration or label; the others, if nobody claims them, are the app's too.
// Until the Rollout has written its hash into their selectors both select all pods, so pods are to
// be counted by uid.

import type { Interner } from './interner.ts';
import { type Meta, type Raw, readMeta } from './records.ts';

export interface RolloutRecord extends Meta {
  /** Keys (`namespace/name`) of the Services that take the app's traffic. */
  readonly services: readonly string[];
  /** The Service of pods that take none yet. */
  readonly preview?: string;
}

interface RawRolloutSpec {
  readonly strategy?: {
    readonly canary?: {
      readonly stableService?: string;
      readonly canaryService?: string;
      /** Stands instead of the two: they change parts with each roll-out. */
      readonly pingPong?: { readonly pingService?: string; readonly pongService?: string } | null;
    } | null;
    readonly blueGreen?: {
      readonly activeService?: string;
      readonly previewService?: string;
    } | null;
  };
}

export function readRollout(raw: Raw<RawRolloutSpec>, intern: Interner): RolloutRecord {
  const meta = readMeta(raw, intern);
  const { canary, blueGreen } = raw.spec?.strategy ?? {};
  const names = [...canaryServices(canary ?? {}), blueGreen?.activeService];
  const keys = names.flatMap((name) => (name ? [intern(`${meta.namespace}/${name}`)] : []));
  const preview = blueGreen?.previewService;
  return {
    ...meta,
    services: [...new Set(keys)],
    ...(preview && { preview: intern(`${meta.namespace}/${preview}`) }),
  };
}

type RawCanary = NonNullable<NonNullable<RawRolloutSpec['strategy']>['canary']>;

function canaryServices({ stableService, canaryService, pingPong }: RawCanary) {
  return [stableService, canaryService, pingPong?.pingService, pingPong?.pongService];
}

interface Claims {
  /** Those that have the Service among `services`. */
  readonly rolloutsOf: (key: string) => Iterable<RolloutRecord>;
  /** Whether the configuration or a label gives the Service to an app. */
  readonly isClaimed: (key: string) => boolean;
}

/** An app's own Services, and those that a Rollout of theirs adds. */
export function withRollouts(own: readonly string[], { rolloutsOf, isClaimed }: Claims): string[] {
  const added = own.flatMap((key) =>
    [...rolloutsOf(key)].flatMap(({ services }) => services.filter((other) => !isClaimed(other))),
  );
  return [...new Set([...own, ...added])];
}

/** A label may stand on both Services of a Rollout; pods that are only previewed do not count then. */
export function withoutPreviews(
  own: readonly string[],
  { rolloutsOf }: Pick<Claims, 'rolloutsOf'>,
): string[] {
  const previews = own.flatMap((key) =>
    [...rolloutsOf(key)].flatMap(({ services, preview }) =>
      preview === undefined || services.includes(preview) ? [] : [preview],
    ),
  );
  return own.filter((key) => !previews.includes(key));
}

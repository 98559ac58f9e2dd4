// What a job has in the clusters that it writes to, for its own sake, as long as it is under way.
//
// Comes in: a writer, and whose they are. Goes out: ConfigMaps and Secrets that say of which job of which
// environment they are: by them it is found again. Its last step removes them, and nobody removes those of
// a job that nobody knows. On failure: as the writer; removing is harmless again.

import { failureOf } from '../clusters/call-failure.ts';
import type { ClusterWriter, KubernetesObject } from '../clusters/cluster-writer.ts';
import { refOf } from '../clusters/cluster-writer.ts';
import { removeProved } from '../clusters/removal.ts';
import { digestOf } from '../edges/digest.ts';
import { BallastError } from '../errors.ts';
import type { AppName, ClusterName } from '../model.ts';
import type { PlacedObject } from './record.ts';

/** Ballasts of other environments may write to the same cluster. */
export const ENVIRONMENT_LABEL = 'ballast.io/jobs-of';
/** Not a label: those may not be so long. */
export const JOB_ANNOTATION = 'ballast.io/job';
/** It stands from before its job was on record: by it alone nothing was written yet. */
export const STAGED_ANNOTATION = 'ballast.io/staged';

/** What is seen of a job from outside. */
export interface Trace {
  readonly job: string;
  readonly apps: readonly AppName[];
  readonly clusters: readonly ClusterName[];
  readonly holds: readonly string[];
  /** That it has in clusters for its own sake. */
  readonly objects?: readonly PlacedObject[];
  /** It may have written. */
  readonly isBegun?: boolean;
  /** What it may have written, for a person: `Deployment prod/shop in east`. */
  readonly writes?: readonly string[];
}

export interface TraceOwner {
  readonly job: string;
  readonly environment: string;
}

/** Where jobs may write, and what they have there. */
export interface TracedPlaces {
  clusters(): readonly ClusterName[];
  /** Throws where that is not known. */
  look(cluster: ClusterName): Promise<readonly Trace[]>;
  /** Removes what a job has there. A text: what is left, and why. */
  clear(cluster: ClusterName, job: string): Promise<string | undefined>;
}

export interface TracedParts {
  readonly environment: string;
  readonly clusters: () => readonly ClusterName[];
  readonly writerOf: (cluster: ClusterName) => Promise<ClusterWriter>;
}

export function tracedPlaces({ environment, clusters, writerOf }: TracedParts): TracedPlaces {
  return {
    clusters,
    async look(cluster) {
      const objects = await readTraces(await writerOf(cluster), environment);
      return [...Map.groupBy(objects, jobOf)].flatMap(([job, all]): Trace[] =>
        job === undefined ? [] : [traceOf(cluster, job, all)],
      );
    },
    async clear(cluster, job) {
      // Where jobs may not act there is nothing of one.
      if (!clusters().includes(cluster)) return undefined;
      try {
        return await removeTraces(await writerOf(cluster), { job, environment });
      } catch (error) {
        return failureOf(error).text;
      }
    },
  };
}

function traceOf(cluster: ClusterName, job: string, all: readonly KubernetesObject[]): Trace {
  const objects = all.map((one) => ({ cluster, ...refOf(one) }));
  const isBegun = all.some(
    ({ metadata }) => metadata.annotations?.[STAGED_ANNOTATION] === undefined,
  );
  const marks = all.filter(({ kind }) => kind === 'ConfigMap');
  const apps = [...new Set(marks.flatMap((one) => linesOf(one, 'apps')))].toSorted();
  const writes = marks.flatMap((one) =>
    linesOf(one, 'writes').map((ref) => `${ref} in ${cluster}`),
  );
  return { job, apps, clusters: [cluster], holds: [], objects, isBegun, writes };
}

interface Said {
  readonly apps: readonly AppName[];
  /** `Deployment prod/shop` */
  readonly writes: readonly string[];
}

/** What a mark says of its job. */
export function markData({ apps, writes }: Said): Readonly<Record<keyof Said, string>> {
  return { apps: apps.join('\n'), writes: writes.join('\n') };
}

function linesOf({ data }: KubernetesObject, key: keyof Said): string[] {
  const text = (data as Readonly<Record<string, unknown>> | undefined)?.[key];
  return typeof text === 'string' ? text.split('\n').filter((line) => line !== '') : [];
}

export interface TraceOf {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  /** Which one, among the job's. */
  readonly what: string;
}

export function traceRef({ job }: Pick<TraceOwner, 'job'>, { kind, namespace, what }: TraceOf) {
  const name = `ballast-job-${digestOf(`${job}|${what}`).slice(0, 20)}`;
  return { apiVersion: 'v1', kind, namespace, name };
}

export function traceObject(
  owner: TraceOwner,
  which: TraceOf,
  { annotations = {}, ...content }: Readonly<Record<string, unknown>> & Notes,
): KubernetesObject {
  const { apiVersion, kind, namespace, name } = traceRef(owner, which);
  const labels = { [ENVIRONMENT_LABEL]: owner.environment };
  const notes = { ...annotations, [JOB_ANNOTATION]: owner.job };
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, labels, annotations: notes },
    ...content,
  };
}

interface Notes {
  readonly annotations?: Readonly<Record<string, string>>;
}

export function jobOf(object: KubernetesObject | undefined): string | undefined {
  return object?.metadata.annotations?.[JOB_ANNOTATION];
}

/** Of all jobs of an environment. */
export async function readTraces(
  writer: ClusterWriter,
  environment: string,
): Promise<readonly KubernetesObject[]> {
  const kinds = await Promise.all(
    (['ConfigMap', 'Secret'] as const).map((kind) =>
      writer.list({ apiVersion: 'v1', kind }, `${ENVIRONMENT_LABEL}=${environment}`).catch(none),
    ),
  );
  return kinds.flat();
}

/** Where jobs may not see Secrets they have none there. */
function none(error: unknown): readonly KubernetesObject[] {
  if (error instanceof BallastError && error.code === 'jobs-not-allowed') return [];
  throw error;
}

/** Undefined: nothing is there any more; else what stands in the way. */
export async function removeTraces(
  writer: ClusterWriter,
  { job, environment }: TraceOwner,
): Promise<string | undefined> {
  const mine = (await readTraces(writer, environment)).filter((one) => jobOf(one) === job);
  const doubt = (live: KubernetesObject): string | undefined =>
    jobOf(live) === job ? undefined : `it is not of job ${job}`;
  const removed = await Promise.all(mine.map((one) => removeProved(writer, refOf(one), doubt)));
  return removed.map((one) => (one.ok ? undefined : one.text)).find((text) => text !== undefined);
}

// What the user `jobs` had written, by an API server's own audit.
//
//   startCluster({ ..., apiServerFlags: auditFlags(file) })
//
// In: the audit's file. Out: each write that was carried out, in order: `patch deployments shop`. Left out
// are dry runs, what was refused, fences, which write no more than an annotation of theirs, and what jobs
// have there for their own sake. On failure:
// the file cannot be read, and that is thrown.

import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { FENCE_ANNOTATION } from '../../src/clusters/cluster-writer.ts';

interface Audited {
  readonly verb: string;
  readonly requestURI: string;
  readonly objectRef: { readonly resource: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestObject?: {
    readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
  };
}

export function auditFlags(file: string): string[] {
  const policy = `--audit-policy-file=${import.meta.dirname}/audit.yaml`;
  // Each line is there before its answer.
  return [policy, `--audit-log-path=${file}`, '--audit-log-mode=blocking-strict'];
}

export async function writesIn(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as Audited)
    .filter((one) => isDone(one) && !isDryRun(one) && !isFence(one) && !isTrace(one))
    .map(({ verb, objectRef: { resource, name = '' } }) => `${verb} ${resource} ${name}`);
}

const isDone = ({ responseStatus: { code = 0 } = {} }: Audited): boolean =>
  code >= 200 && code < 300;

const isDryRun = ({ requestURI }: Audited): boolean => requestURI.includes('dryRun=All');

const isTrace = ({ objectRef: { name = '' } }: Audited): boolean => name.startsWith('ballast-job-');

function isFence({ requestObject: object }: Audited): boolean {
  return (
    isDeepStrictEqual(Object.keys(object ?? {}), ['metadata']) &&
    isDeepStrictEqual(Object.keys(object?.metadata?.annotations ?? {}), [FENCE_ANNOTATION])
  );
}

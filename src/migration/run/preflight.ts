// Everything that stands against moving an app, looked at once more, all of it at once. Nothing is written.
//
// Comes in: the frozen plan of an app. Goes out: the forms of the source's objects, by which a foreign edit
// is seen before they are deleted. On failure: all findings, and the app is refused.

import { refOf } from '../../clusters/cluster-writer.ts';
import { canonical } from '../../fanout/plan/canonical.ts';
import type { Outcome } from '../../jobs/kind.ts';
import { masked } from '../manifests/identity.ts';
import { nameOf, type Manifest } from '../manifests/manifest.ts';
import { done, failed, wait, type Doing, type RunParts } from './doing.ts';
import { formOf, labelled } from './form.ts';
import { hooked } from './hooked.ts';
import { WORKLOADS } from './there.ts';
import type { Look } from './world.ts';

/** By `Kind namespace/name`. */
export type SourceForms = Readonly<Record<string, string>>;

export async function preflight(doing: Doing, parts: RunParts): Promise<Outcome> {
  const { job, app } = doing;
  const { plan } = job;
  if (parts.traffic.edges().length === 0)
    return failed('there is no edge: nothing would prove where requests go');
  const look = await parts.world.look(plan, app);
  const said = [
    ...look.findings.flatMap(({ severity, object, text }) =>
      severity === 'refuse' ? [`${object}: ${text}`] : [],
    ),
    ...differences(doing, look),
    ...(await dryRuns(doing, parts, look)),
    ...(await sourceFaults(doing, parts)),
  ];
  if (said.length > 0) return failed([...new Set(said)].join('; '));
  const hook = await hooked(doing, parts.hooks, 'before');
  if (hook) return hook.kind === 'wait' ? wait(hook.text, hook.seconds) : failed(hook.text);
  const forms = look.sources.map((one) => [nameOf(one), formOf(one, WORKLOADS.includes(one.kind))]);
  return done('nothing stands against it', Object.fromEntries(forms) satisfies SourceForms);
}

function differences({ app }: Doing, { objects }: Look): string[] {
  if (objects.length === 0) return [];
  const now = new Map(objects.map(({ manifest, uid }) => [nameOf(manifest), { manifest, uid }]));
  const planned = new Set(app.objects.map(({ manifest }) => nameOf(manifest)));
  const changed = app.objects.flatMap(({ manifest, uid }) => {
    const found = now.get(nameOf(manifest));
    if (!found) return [`${nameOf(manifest)} is gone since the plan was made`];
    if (found.uid !== uid) return [`${nameOf(manifest)} is another one since the plan was made`];
    const isSame = canonical(masked(found.manifest)) === canonical(manifest);
    return isSame ? [] : [`${nameOf(manifest)} changed since the plan was made`];
  });
  const more = [...now.keys()].filter((name) => !planned.has(name));
  return [...changed, ...more.map((name) => `${name} came since the plan was made`)];
}

/** Rights, webhooks, what the destination takes at all. */
async function dryRuns(doing: Doing, parts: RunParts, { objects }: Look): Promise<string[]> {
  const { job } = doing;
  const writer = await parts.writerOf(job.plan.to);
  const all = objects.map(async ({ manifest, uid }) => {
    if (await writer.read(refOf(manifest))) return [];
    const wanted = labelled(manifest, job.id, uid);
    const result = await writer.apply(wanted, { dryRun: true, expect: 'absent' });
    return result.ok || result.code === 'moved' ? [] : [`${job.plan.to}: ${result.text}`];
  });
  return (await Promise.all(all)).flat();
}

/** Whoever deletes there must be let in there; a backup is no cluster. */
export async function sourceFaults({ job, app }: Doing, parts: RunParts): Promise<string[]> {
  if (job.plan.mode === 'offline') return [];
  const writer = await parts.writerOf(job.plan.from);
  const all = app.objects.map(async ({ manifest, uid }) => {
    const live = (await writer.read(refOf(manifest))) as Manifest | undefined;
    if (!live) return [`${nameOf(manifest)} is not in ${job.plan.from} any more`];
    return live.metadata.uid === uid ? [] : [`${nameOf(manifest)} is another one now`];
  });
  return (await Promise.all(all)).flat();
}

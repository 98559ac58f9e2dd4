// Holds that move nothing as things stand: a hold may come before its app, and a mistyped name looks the same.
//
// Comes in: a hold whose caller may say it. Goes out: a sentence that says which of its names nobody knows, or
// that there is no such server; undefined where it speaks of one. On failure: none here.

import type { Controller } from '../controller.ts';
import { speaksOf, type Scope } from '../weights/holds.ts';

type Known = Pick<Controller, 'published' | 'facts' | 'clusters'>;

export function whyIdle(controller: Known, hold: Scope): string | undefined {
  const published = controller.published();
  const apps = hold.app === undefined ? (published?.apps() ?? []) : [hold.app];
  for (const app of apps) {
    const servers = published?.app(app)?.upstream.servers ?? [];
    if (servers.some((server) => speaksOf(hold, app, server))) return undefined;
  }
  const unknown = unknownNames(controller, hold);
  return unknown.length > 0 ? unknown.join('; ') : noServer(hold);
}

function unknownNames(controller: Known, { app, cluster }: Scope): string[] {
  const names = controller.clusters().map(({ name }) => name);
  const isApp =
    app === undefined || Boolean(controller.facts(app) ?? controller.published()?.app(app));
  const isCluster = cluster === undefined || cluster === 'vm' || names.includes(cluster);
  return [
    ...(isApp ? [] : [`no app ${app} is known`]),
    ...(isCluster ? [] : [`no cluster ${cluster} is known`]),
  ];
}

function noServer({ app, cluster, server }: Scope): string {
  const who = app === undefined ? 'no app has a' : `app ${app} has no`;
  const where = cluster === undefined ? '' : cluster === 'vm' ? ' among VMs' : ` in ${cluster}`;
  return `${who} server${server === undefined ? '' : ` ${server}`}${where}`;
}

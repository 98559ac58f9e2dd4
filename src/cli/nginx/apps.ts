// Static upstreams of an nginx configuration as apps with VMs, and what Ballast would make of their shares.
// Pure.
//
// Comes in: directives with their includes read. Goes out: an app for each upstream of HTTP that has servers
// with addresses, with what stays behind and why. It fails at nothing: what it does not take, it names.

import { isHost } from '../../host-name.ts';
import type { Directive } from './directives.ts';
import { type ImportedPolicy, policyOf } from './policy.ts';
import { serversOf } from './servers.ts';

export interface ImportedApp {
  readonly name: string;
  readonly place: string;
  readonly hosts: readonly string[];
  readonly vms: readonly { readonly address: string }[];
  readonly policy?: ImportedPolicy;
  /** Of requests, as nginx gives them today, and as equal VMs have them. */
  readonly shares: readonly ImportedShare[];
  readonly notes: readonly string[];
}

export interface ImportedShare {
  readonly address: string;
  readonly weight: number;
  readonly today: number;
  readonly later: number;
}

export interface Imported {
  readonly apps: readonly ImportedApp[];
  /** What is not taken, with its place. */
  readonly left: readonly string[];
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const PASS = /^(proxy|grpc|fastcgi|uwsgi|scgi)_pass$/;
const OWN_LUA = /^balancer_by_lua/;

/** What passes to an upstream: the names of its servers, and how it is spoken to. */
interface Led {
  readonly hosts: ReadonlySet<string>;
  readonly by: ReadonlySet<string>;
}

const NOTHING: Led = { hosts: new Set(), by: new Set() };

export function importApps(
  directives: readonly Directive[],
  ingress: ReadonlySet<string>,
): Imported {
  const left: string[] = [];
  const http = directives.flatMap((one) => (one.name === 'http' ? (one.block ?? []) : [one]));
  const led = ledTo(http, left);
  const apps = http
    .filter(({ name }) => name === 'upstream')
    .flatMap((upstream) => {
      const app = appOf(
        upstream,
        led.get((upstream.words[0] ?? '').toLowerCase()) ?? NOTHING,
        ingress,
      );
      if (typeof app !== 'string') return [app];
      left.push(`${upstream.place}: upstream ${upstream.words[0]}: ${app}`);
      return [];
    });
  for (const { name, place } of directives)
    if (name === 'stream') left.push(`${place}: stream: Ballast serves HTTP only`);
  return { apps: withSharedHosts(apps), left };
}

/** The reason, where it is none. */
function appOf(
  { words, block = [], place }: Directive,
  led: Led,
  ingress: ReadonlySet<string>,
): ImportedApp | string {
  const [name = ''] = words;
  if (!NAME.test(name)) return 'its name is none for an app (letters, digits, ".", "_", "-")';
  if (block.some((one) => OWN_LUA.test(one.name))) return 'Lua picks its servers';
  const foreign = [...led.by].find((way) => /^(fastcgi|uwsgi|scgi)$/.test(way));
  if (foreign !== undefined) return `${foreign}_pass leads to it: Ballast serves HTTP and gRPC`;
  const notes: string[] = [];
  const servers = serversOf(block, ingress, notes);
  if (servers.length === 0) return ['no server that could be a VM', ...notes].join('; ');
  const sum = servers.reduce((total, { weight }) => total + weight, 0);
  const hosts = [...led.hosts].toSorted();
  notes.push(...waysOf(led));
  if (hosts.length === 0) notes.push('no server_name leads to it by proxy_pass: give it hosts');
  const policy = policyOf(block, notes);
  return {
    name,
    place,
    hosts,
    vms: servers.map(({ address }) => ({ address })),
    ...(policy && { policy }),
    shares: servers.map((server) => ({
      ...server,
      today: server.weight / sum,
      later: 1 / servers.length,
    })),
    notes,
  };
}

/** What "proxy_pass http://ballast;" alone would not do. */
function waysOf({ by }: Led): string[] {
  const told = [
    ['grpc', 'grpc_pass leads to it: it needs an upstream of its own (README, "gRPC")'],
    [
      'https',
      'it is asked by TLS: that needs an upstream of its own (README, "HTTPS to ingress nodes")',
    ],
  ] as const;
  return told.filter(([way]) => by.has(way)).map(([, text]) => text);
}

/** By the names of the servers whose locations pass to it. */
function ledTo(http: readonly Directive[], left: string[]): Map<string, Led> {
  const found = new Map<string, { hosts: Set<string>; by: Set<string> }>();
  for (const { name, block = [] } of http) {
    if (name !== 'server') continue;
    const names = block
      .filter((one) => one.name === 'server_name')
      .flatMap(({ words, place }) => words.flatMap((word) => hostsOf(word, place, left)));
    for (const { upstream, ways } of passedTo(block)) {
      const led = found.get(upstream) ?? { hosts: new Set(), by: new Set() };
      for (const host of names) led.hosts.add(host);
      for (const way of ways) led.by.add(way);
      found.set(upstream, led);
    }
  }
  return found;
}

function hostsOf(word: string, place: string, left: string[]): string[] {
  const host = word.toLowerCase();
  if (host === '_' || host === '') return [];
  const both = host.startsWith('.') ? [host.slice(1), `*${host}`] : [host];
  if (both.every(isHost)) return both;
  left.push(
    `${place}: server_name ${word}: an app's hosts are names, with "*" for the first label`,
  );
  return [];
}

interface Pass {
  readonly upstream: string;
  readonly ways: readonly string[];
}

function passedTo(block: readonly Directive[]): Pass[] {
  return block.flatMap(({ name, words, block: inner }) => {
    const [, kind] = PASS.exec(name) ?? [];
    return [...(kind === undefined ? [] : [passOf(kind, words[0])]), ...passedTo(inner ?? [])];
  });
}

/** nginx looks a name up without regard to case; what follows it may be a variable. */
function passOf(kind: string, target = ''): Pass {
  const [, scheme = '', upstream = ''] =
    /^(?:([a-z]+):\/\/)?([^/:$]+)/.exec(target.toLowerCase()) ?? [];
  const isTls = scheme === 'https' || scheme === 'grpcs';
  return { upstream, ways: isTls ? [kind, 'https'] : [kind] };
}

/** To Ballast a host has one app; nginx tells several apart by location. */
function withSharedHosts(apps: readonly ImportedApp[]): ImportedApp[] {
  const first = new Map<string, string>();
  return apps.map((app) => {
    const taken = app.hosts.filter((host) => first.has(host));
    for (const host of app.hosts) if (!first.has(host)) first.set(host, app.name);
    if (taken.length === 0) return app;
    const notes = taken.map(
      (host) =>
        `${host} is ${first.get(host)}’s host already: say "set $ballast_app ${app.name};" in its locations`,
    );
    const hosts = app.hosts.filter((host) => !taken.includes(host));
    return { ...app, hosts, notes: [...app.notes, ...notes] };
  });
}

/** More than rounding. */
export function changes({ shares }: ImportedApp): boolean {
  return shares.some(({ today, later }) => Math.abs(today - later) > 1e-9);
}

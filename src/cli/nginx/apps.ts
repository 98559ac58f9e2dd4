// Static upstreams of an nginx configuration as apps with VMs, and what Ballast would make of their shares.
// Pure.
//
// Comes in: directives with their includes read. Goes out: an app for each upstream of HTTP that has servers
// with addresses, with what stays behind and why. It fails at nothing: what it does not take, it names.

import { canonicalAddress, isAddress } from '../../address.ts';
import { isHost } from '../../host-name.ts';
import type { Directive } from './directives.ts';

export interface ImportedApp {
  readonly name: string;
  readonly place: string;
  readonly hosts: readonly string[];
  readonly vms: readonly { readonly address: string }[];
  readonly policy?: { readonly balance: 'hash' | 'least'; readonly key?: string };
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

export function importApps(
  directives: readonly Directive[],
  ingress: ReadonlySet<string>,
): Imported {
  const left: string[] = [];
  const http = directives.flatMap((one) => (one.name === 'http' ? (one.block ?? []) : [one]));
  const hosts = hostsByUpstream(http, left);
  const apps = http
    .filter(({ name }) => name === 'upstream')
    .flatMap((upstream) => {
      const app = appOf(upstream, hosts.get(upstream.words[0] ?? '') ?? [], ingress);
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
  hosts: readonly string[],
  ingress: ReadonlySet<string>,
): ImportedApp | string {
  const [name = ''] = words;
  if (!NAME.test(name)) return 'its name is none for an app (letters, digits, ".", "_", "-")';
  if (block.some((one) => one.name === 'balancer_by_lua_block')) return 'Lua picks its servers';
  const notes: string[] = [];
  const servers = block
    .filter((one) => one.name === 'server')
    .flatMap((server) => serverOf(server, ingress, notes));
  if (servers.length === 0) return ['no server that could be a VM', ...notes].join('; ');
  const sum = servers.reduce((total, { weight }) => total + weight, 0);
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

interface Server {
  readonly address: string;
  readonly weight: number;
}

function serverOf(
  { words, place }: Directive,
  ingress: ReadonlySet<string>,
  notes: string[],
): Server[] {
  const [text = '', ...options] = words;
  const leave = (why: string): Server[] => {
    notes.push(`${place}: ${text} is left out: ${why}`);
    return [];
  };
  if (options.includes('down')) return leave('it is down');
  if (options.includes('backup')) return leave('a backup; every server of Ballast serves');
  const full = /(^\[[^\]]*\]|^[^:]*)$/.test(text) ? `${text}:80` : text;
  if (!isAddress(full)) return leave('it is no address; Ballast asks no DNS');
  const address = canonicalAddress(full);
  const node = address.slice(0, address.lastIndexOf(':'));
  if (ingress.has(address) || ingress.has(node))
    return leave('an ingress node; Ballast finds it in its cluster');
  const weight = Number(options.find((option) => option.startsWith('weight='))?.slice(7) ?? 1);
  return [{ address, weight }];
}

function policyOf(block: readonly Directive[], notes: string[]): ImportedApp['policy'] {
  const find = (name: string): Directive | undefined => block.find((one) => one.name === name);
  if (find('least_conn')) return { balance: 'least' };
  if (find('ip_hash')) return { balance: 'hash', key: 'remote_addr' };
  const hash = find('hash');
  if (!hash) return undefined;
  const key = /^\$\{?([a-z0-9_]+)\}?$/.exec(hash.words[0] ?? '')?.[1];
  if (key !== undefined) return { balance: 'hash', key };
  notes.push(
    `${hash.place}: hash ${hash.words[0]}: set one variable to it, and name that as policy.key`,
  );
  return undefined;
}

/** By the names of the servers whose locations pass to it. */
function hostsByUpstream(
  http: readonly Directive[],
  left: string[],
): Map<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const { name, block = [] } of http) {
    if (name !== 'server') continue;
    const names = block
      .filter((one) => one.name === 'server_name')
      .flatMap(({ words, place }) => words.flatMap((word) => hostsOf(word, place, left)));
    for (const upstream of passedTo(block)) {
      const hosts = found.get(upstream) ?? new Set();
      for (const host of names) hosts.add(host);
      found.set(upstream, hosts);
    }
  }
  return new Map([...found].map(([upstream, hosts]) => [upstream, [...hosts].toSorted()]));
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

function passedTo(block: readonly Directive[]): string[] {
  return block.flatMap(({ name, words, block: inner }) => {
    const own = PASS.test(name)
      ? [/^(?:[a-z]+:\/\/)?([^/:]+)/.exec(words[0] ?? '')?.[1] ?? '']
      : [];
    return [...own, ...passedTo(inner ?? [])];
  });
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

// Documents: the bytes of an upstream, the lines of the manifest, stamps. Pure.
//
// Comes in: upstreams to write, bytes to read. Goes out: canonical JSON, checked upstreams. On
// failure: a Fault that names the place; nothing is guessed. The contract with Lua stands in
// test/contract/.

import { isAddress } from '../address.ts';
import { isHost } from '../host-name.ts';
import type { AppName, Owner, Server, Stamp, Upstream } from '../model.ts';
import { type Fault, isObject, strange } from './fault.ts';
import { checkPolicy, sortPolicy } from './policy.ts';

export type { Fault };

/** All holds, debts and moved-from marks: stamped, pushed and seeded like an upstream. */
export const HOLDS = '_holds';

/** One app as Redis and the edges keep it. A tombstone has digest `-` and no body. */
export interface Document {
  readonly app: AppName;
  readonly stamp: Stamp;
  readonly digest: string;
  readonly owner: Owner;
  readonly body?: string;
}

export interface ManifestLine {
  readonly stamp: Stamp;
  readonly digest: string;
  readonly owner: Owner;
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const FROM = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LINE = /^(\d+) (\d+) ([0-9a-f]{40}|-) (controller|endpoint)$/;

export function isDeleted(line: ManifestLine): boolean {
  return line.digest === '-';
}

/** Below 0: `a` is older. Term first. */
export function compareStamps(a: Stamp, b: Stamp): number {
  return a.term - b.term || a.version - b.version;
}

export function stampText(stamp: Stamp): string {
  return `${stamp.term} ${stamp.version}`;
}

export function manifestText(line: ManifestLine): string {
  return `${stampText(line.stamp)} ${line.digest} ${line.owner}`;
}

/** Undefined for a line that is none: its reader treats the app as not there and says so. */
export function parseManifestLine(text: string): ManifestLine | undefined {
  const match = LINE.exec(text);
  if (!match) return undefined;
  const [, term, version, digest, owner] = match as unknown as [
    string,
    string,
    string,
    string,
    Owner,
  ];
  return { stamp: { term: Number(term), version: Number(version) }, digest, owner };
}

/** Canonical JSON: keys in byte order, no white space, servers by address, hosts sorted. */
export function encodeUpstream(upstream: Upstream): string {
  const servers = upstream.servers
    .toSorted((a, b) => order(a.address, b.address))
    .map(({ address, auto, from, weight }) =>
      auto === undefined ? { address, from, weight } : { address, auto, from, weight },
    );
  const hosts = [...new Set(upstream.hosts)].toSorted(order);
  return JSON.stringify({
    app: upstream.app,
    ...(hosts.length > 0 ? { hosts } : {}),
    policy: sortPolicy(upstream.policy),
    servers,
  });
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Reads the bytes of an app's body. */
export function decodeUpstream(body: string): Upstream | Fault {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return { place: 'body', text: `not JSON: ${(error as Error).message}` };
  }
  if (!isObject(value)) return { place: 'body', text: 'not an object' };
  return (
    strange(value, ['app', 'hosts', 'policy', 'servers'], '') ??
    checkApp(value['app']) ??
    checkHosts(value['hosts']) ??
    checkPolicy(value['policy']) ??
    checkServers(value['servers']) ??
    (value as unknown as Upstream)
  );
}

export function isFault(result: Upstream | Fault): result is Fault {
  return 'place' in result;
}

type Found = Fault | undefined;

function checkApp(app: unknown): Found {
  if (typeof app === 'string' && NAME.test(app)) return undefined;
  return { place: 'app', text: 'not a label value of 1 to 63 characters' };
}

function checkHosts(hosts: unknown): Found {
  if (hosts === undefined) return undefined;
  if (!Array.isArray(hosts)) return { place: 'hosts', text: 'not a list' };
  const bad = hosts.findIndex((host) => typeof host !== 'string' || !isHost(host));
  if (bad >= 0) return { place: `hosts[${bad}]`, text: 'not a lower-case DNS name' };
  const again = hosts.findIndex((host, index) => hosts.indexOf(host) < index);
  return again < 0 ? undefined : { place: `hosts[${again}]`, text: 'stands twice' };
}

function checkServers(servers: unknown): Found {
  if (!Array.isArray(servers)) return { place: 'servers', text: 'missing, or not a list' };
  const seen = new Set<string>();
  for (const [index, server] of servers.entries()) {
    const fault = checkServer(server, `servers[${index}]`);
    if (fault) return fault;
    const { address } = server as Server;
    if (seen.has(address)) return { place: `servers[${index}].address`, text: 'stands twice' };
    seen.add(address);
  }
  return undefined;
}

function checkServer(server: unknown, where: string): Found {
  if (!isObject(server)) return { place: where, text: 'not an object' };
  const { address, from, weight, auto } = server;
  if (typeof address !== 'string' || !isAddress(address)) {
    return { place: `${where}.address`, text: 'not IPv4:port or [IPv6]:port' };
  }
  if (typeof from !== 'string' || !FROM.test(from)) {
    return { place: `${where}.from`, text: 'not the name of a cluster, or vm' };
  }
  if (!isWeight(weight)) return { place: `${where}.weight`, text: 'not 0 to 65535' };
  if (auto !== undefined && !isWeight(auto))
    return { place: `${where}.auto`, text: 'not 0 to 65535' };
  return strange(server, ['address', 'auto', 'from', 'weight'], `${where}.`);
}

function isWeight(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65535;
}

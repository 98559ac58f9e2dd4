// Server addresses: `IPv4:port` and `[IPv6]:port`. Pure; the two predicates of node:net are too.
//
// The same syntax as lua/ballast/names.lua: what passes here is taken by every edge.

import { isIPv4, isIPv6 } from 'node:net';
import type { Address } from './model.ts';

/** What nginx takes for a mistake, and sends nothing to. */
const NO_ADDRESS = '255.255.255.255';
const SPLIT = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/;

/** The parts of an address, or undefined when it is none (a name, no port, port 0 or over 65535). */
export function splitAddress(text: string): { ip: string; port: number } | undefined {
  const match = SPLIT.exec(text);
  if (!match) return undefined;
  const [, six, four, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535 || String(port) !== digits) return undefined;
  if (six !== undefined) return isPlainIPv6(six) ? { ip: six, port } : undefined;
  return four !== undefined && isIPv4(four) && four !== NO_ADDRESS ? { ip: four, port } : undefined;
}

export function isAddress(text: string): text is Address {
  return splitAddress(text) !== undefined;
}

/** In the one form that addresses are compared in: `[0:0::1]:80` is `[::1]:80`. */
export function joinAddress(ip: string, port: number): Address {
  return isIPv6(ip) ? `[${canonicalIPv6(ip)}]:${port}` : `${ip}:${port}`;
}

/** As joinAddress, of a whole address; a text that is none stays as it is. */
export function canonicalAddress(text: string): Address {
  const parts = splitAddress(text);
  return parts ? joinAddress(parts.ip, parts.port) : text;
}

/** An address but for its zone (`fe80::1%eth0`), which means nothing on another machine. */
export function hasZone(text: string): boolean {
  return text.includes('%') && isAddress(text.replace(/%[^\]]*\]/, ']'));
}

/** node:net takes a zone for a part of the address, and any tail. */
function isPlainIPv6(ip: string): boolean {
  return isIPv6(ip) && !ip.includes('%') && !ip.endsWith(`:${NO_ADDRESS}`);
}

function canonicalIPv6(ip: string): string {
  return isPlainIPv6(ip) ? new URL(`http://[${ip}]`).hostname.slice(1, -1) : ip;
}

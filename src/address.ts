// Server addresses: `IPv4:port` and `[IPv6]:port`. Pure; the two predicates of node:net are too.

import { isIPv4, isIPv6 } from 'node:net';
import type { Address } from './model.ts';

const SPLIT = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/;

/** The parts of an address, or undefined when it is none (a name, no port, port 0 or over 65535). */
export function splitAddress(text: string): { ip: string; port: number } | undefined {
  const match = SPLIT.exec(text);
  if (!match) return undefined;
  const [, six, four, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535 || String(port) !== digits) return undefined;
  if (six !== undefined) return isIPv6(six) ? { ip: six, port } : undefined;
  return four !== undefined && isIPv4(four) ? { ip: four, port } : undefined;
}

export function isAddress(text: string): text is Address {
  return splitAddress(text) !== undefined;
}

export function joinAddress(ip: string, port: number): Address {
  return isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`;
}

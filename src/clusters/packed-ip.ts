// An IP address as its bytes, in a string of one byte a character: the least that a pod's address costs.
// Pure. On failure: what is no address has no bytes.

import { isIPv4, isIPv6 } from 'node:net';

/** 4 or 16 characters, each a byte; undefined where the text is no address. */
export function packIp(ip: string): string | undefined {
  if (isIPv4(ip)) return String.fromCharCode(...ip.split('.').map(Number));
  if (!isIPv6(ip) || ip.includes('%')) return undefined;
  // The URL's form has no dotted part, and `::` once at most.
  const [head = '', tail] = new URL(`http://[${ip}]`).hostname.slice(1, -1).split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const [left, right] = [words(head), words(tail ?? '')];
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return String.fromCharCode(...all.flatMap((word) => [word >> 8, word & 0xff]));
}

/** The addresses of one slice, which are all of one family. */
export function packIps(ips: readonly string[]): string {
  const packed = ips.flatMap((ip) => packIp(ip) ?? []);
  return packed.filter((one) => one.length === packed[0]?.length).join('');
}

/** The addresses of one pod, at most one of each family: IPv4 in front. */
export function packPodIps(ips: readonly string[]): string {
  const packed = ips.flatMap((ip) => packIp(ip) ?? []);
  const of = (bytes: number): string => packed.find(({ length }) => length === bytes) ?? '';
  return of(4) + of(16);
}

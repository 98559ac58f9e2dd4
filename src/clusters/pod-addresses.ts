// Which addresses are pods of a cluster: those in its nodes' podCIDRs, and those of the app that is asked
// for, in its EndpointSlices or, where it has no Service, its pods by label. Pure.
//
// The addresses of a slice are one string of bytes: 4 bytes a pod, so that 200,000 pods cost 1 MB; a
// hash of them all would cost 20. Therefore they are searched,
// and only the app's own are: a registry lists an app's own pods under its name.
// On failure: what is no address is no pod.

import type { AppName } from '../model.ts';
import type { Records } from './footprint.ts';
import { packIp } from './packed-ip.ts';
import type { AppPodRecord, NodeRecord } from './records.ts';

/** The nodes' ranges, by length of their prefix, counted: two families, and nodes that come and go. */
export class PodRanges {
  readonly #byBits = new Map<string, Map<string, number>>();

  move({ before, after }: { before: NodeRecord | undefined; after: NodeRecord | undefined }): void {
    const [old, now] = [rangesOf(before), rangesOf(after)];
    if (old.join() === now.join()) return;
    for (const range of old) this.#count(range, -1);
    for (const range of now) this.#count(range, 1);
  }

  has(packed: string): boolean {
    for (const [key, prefixes] of this.#byBits) {
      const [length, bits] = key.split('/').map(Number) as [number, number];
      if (length === packed.length && prefixes.has(prefixOf(packed, bits))) return true;
    }
    return false;
  }

  #count(range: string, by: 1 | -1): void {
    const [ip = '', digits = ''] = range.split('/');
    const packed = packIp(ip);
    const bits = Number(digits);
    if (packed === undefined || !/^[0-9]+$/.test(digits) || bits > packed.length * 8) return;
    const key = `${packed.length}/${bits}`;
    const prefixes = this.#byBits.get(key) ?? new Map<string, number>();
    const prefix = prefixOf(packed, bits);
    const count = (prefixes.get(prefix) ?? 0) + by;
    if (count > 0) prefixes.set(prefix, count);
    else prefixes.delete(prefix);
    if (prefixes.size > 0) this.#byBits.set(key, prefixes);
    else this.#byBits.delete(key);
  }
}

function rangesOf(node: NodeRecord | undefined): readonly string[] {
  return node?.podRanges ?? [];
}

function prefixOf(packed: string, bits: number): string {
  const whole = packed.slice(0, bits >> 3);
  const rest = bits & 7;
  if (rest === 0) return whole;
  return whole + String.fromCharCode(packed.charCodeAt(bits >> 3) & (0xff00 >> rest));
}

/** Whether an address that an app is said to have is a pod here. */
export function isPod(
  records: Records & { readonly podRanges: PodRanges },
  app: AppName,
  ip: string,
): boolean {
  const packed = packIp(ip);
  if (packed === undefined) return false;
  if (records.podRanges.has(packed)) return true;
  for (const key of records.servicesOf(app).keys) {
    for (const slice of records.slicesOf(key)) if (holds(slice.ips, packed)) return true;
  }
  for (const pod of records.podsOf(app) ?? []) if (hasIp(pod, packed)) return true;
  return false;
}

function hasIp({ ips }: AppPodRecord, packed: string): boolean {
  if (packed.length === 16) return ips.length >= 16 && ips.endsWith(packed);
  return ips.length % 16 === 4 && ips.startsWith(packed);
}

function holds(ips: string, packed: string): boolean {
  let at = ips.indexOf(packed);
  while (at >= 0) {
    // Found across two addresses is not found.
    if (at % packed.length === 0) return true;
    at = ips.indexOf(packed, at + 1);
  }
  return false;
}

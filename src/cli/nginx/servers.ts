// The servers of an upstream block that could be VMs. Pure.
//
// Comes in: the block, and the ingress nodes that are no VMs. Goes out: each address once, with its weight.
// It fails at nothing: what stays behind is named in the notes.

import { canonicalAddress, isAddress } from '../../address.ts';
import type { Directive } from './directives.ts';

export interface Server {
  readonly address: string;
  readonly weight: number;
}

/** nginx has them for a server, Ballast for an app at most. */
const UNTAKEN = /^(max_conns|slow_start|route|drain|service|resolve)(=|$)/;

export function serversOf(
  block: readonly Directive[],
  ingress: ReadonlySet<string>,
  notes: string[],
): Server[] {
  const found = new Map<string, number>();
  for (const one of block) {
    const server = one.name === 'server' ? serverOf(one, ingress, notes) : undefined;
    if (!server) continue;
    const { address, weight } = server;
    const before = found.get(address);
    // nginx takes an address as often as it stands there; a VM stands once.
    if (before !== undefined)
      notes.push(`${one.place}: ${address} again: its weights are added up`);
    found.set(address, (before ?? 0) + weight);
  }
  return [...found].map(([address, weight]) => ({ address, weight }));
}

function serverOf(
  { words, place }: Directive,
  ingress: ReadonlySet<string>,
  notes: string[],
): Server | undefined {
  const [text = '', ...options] = words;
  const leave = (why: string): undefined => {
    notes.push(`${place}: ${text} is left out: ${why}`);
  };
  const full = /(^\[[^\]]*\]|^[^:]*)$/.test(text) ? `${text}:80` : text;
  const said = options.find((option) => option.startsWith('weight=')) ?? 'weight=1';
  if (options.includes('down')) return leave('it is down');
  if (options.includes('backup')) return leave('a backup; every server of Ballast serves');
  if (!isAddress(full)) return leave('it is no address; Ballast asks no DNS');
  const address = canonicalAddress(full);
  if (isOf(ingress, address)) return leave('an ingress node; Ballast finds it in its cluster');
  if (!/^weight=[1-9][0-9]*$/.test(said)) return leave(`${said} is no weight`);
  const untaken = options.filter((option) => UNTAKEN.test(option));
  if (untaken.length > 0) notes.push(`${place}: ${text} goes without ${untaken.join(', ')}`);
  return { address, weight: Number(said.slice(7)) };
}

const isOf = (ingress: ReadonlySet<string>, address: string): boolean =>
  ingress.has(address) || ingress.has(address.slice(0, address.lastIndexOf(':')));

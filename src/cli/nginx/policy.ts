// How an upstream block spreads requests, as a policy. Pure.
//
// Comes in: the block. Goes out: the policy, none for nginx's own round robin. It fails at nothing: a way
// that Ballast has not is named in the notes.

import type { Directive } from './directives.ts';

export interface ImportedPolicy {
  readonly balance: 'hash' | 'least';
  readonly key?: string;
}

const UNTAKEN = ['random', 'sticky', 'least_time', 'fair', 'queue', 'ntlm'];

export function policyOf(block: readonly Directive[], notes: string[]): ImportedPolicy | undefined {
  const find = (name: string): Directive | undefined => block.find((one) => one.name === name);
  for (const { name, place } of block)
    if (UNTAKEN.includes(name))
      notes.push(`${place}: ${name} stays behind: Ballast has no such way`);
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

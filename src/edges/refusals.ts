// What the store's refusals mean to a person, and what follows. Pure. README's table is held against
// it by a test.

import type { RefusalCode, StoreRefusal } from './store.ts';

export const REFUSALS: Readonly<Record<RefusalCode, string>> = {
  'not-leader':
    'another controller has the lease and leads; this one stands by and takes it when it is free',
  'redis-changed':
    'Redis was restarted, restored or replaced; the next term seeds it with what the edges hold. Where this repeats, look at Redis',
  'term-too-low': 'a higher term is on record; the next one is taken above it',
  'no-leader': 'no leader has taken a term in this Redis yet; start a controller',
  'holds-moved': 'a hold was written in between; the round is computed anew',
  'owned-by-controller': 'the controller owns this app; change its weights by a hold',
  'owned-by-endpoint': 'an edge’s endpoint owns this app; it stays until a person adopts it',
  'host-taken': 'another app has this host; take it from one of the two',
  'nothing-to-delete': 'there is no such app; nothing is to be done',
};

/** `redis-changed: Redis was restarted, ...`. */
export function sayRefusal({ refused }: StoreRefusal): string {
  return `${refused}: ${REFUSALS[refused] ?? 'a refusal that this version does not know'}`;
}

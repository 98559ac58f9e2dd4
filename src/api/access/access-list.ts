// The access list as it stands now: read at the start, and again whenever the file is another.
//
// Comes in: the path of the file. Goes out: who a token is, and what somebody else's word is worth. On
// failure: a file that is gone or wrong keeps the last good list, and says so once.

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../clock.ts';
import { AccessFault, readAccessList, type AccessList } from './access-file.ts';
import type { Caller } from './caller.ts';

const PAUSE_MS = 1000;
/** Shorter ones could be guessed from their hash. */
export const SHORTEST_TOKEN = 32;

/** Whom another authority vouches for: `oidc:alice`, with groups alike. */
export interface Identity {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface Tokens {
  /** `now`: milliseconds of the time of day. */
  find(token: string, now: number): Caller | undefined;
  /** Who is known but named nowhere may do nothing. */
  vouched(identity: Identity): Caller;
  follow(signal: AbortSignal): Promise<void>;
}

export interface TokensWorld {
  readonly clock: Clock;
  /** Trouble with the file; undefined: it is read again. */
  readonly tell: (trouble: string | undefined) => void;
}

/** Throws AccessFault. */
export async function openTokens(file: string, { clock, tell }: TokensWorld): Promise<Tokens> {
  let text = await read(file);
  let list = readAccessList(text, file);
  let trouble: string | undefined;

  const refresh = async (): Promise<string | undefined> => {
    try {
      const now = await read(file);
      if (now !== text) list = readAccessList(now, file);
      text = now;
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return {
    find: (token, now) => findIn(list, token, now),
    vouched({ name, groups }) {
      const named = list.grants.filter(
        ({ user, group }) => user === name || (group !== undefined && groups.includes(group)),
      );
      return { name, grants: named.map(({ grant }) => grant) };
    },
    async follow(signal) {
      while (!signal.aborted) {
        await clock.sleep(PAUSE_MS, signal);
        const now = await refresh();
        if (now !== trouble) tell(now);
        trouble = now;
      }
    },
  };
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new AccessFault([`${file}: cannot be read: ${cause.code}`]);
  });
}

/** Every entry is compared, whole: how long it takes tells nothing of what is in the list. */
function findIn({ tokens }: AccessList, token: string, now: number): Caller | undefined {
  if (token.length < SHORTEST_TOKEN) return undefined;
  const hash = hashOf(token);
  const [found] = tokens.filter((entry) => timingSafeEqual(entry.hash, hash));
  if (!found || (found.until !== undefined && found.until <= now)) return undefined;
  return { name: found.name, grants: [found.grant] };
}

export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

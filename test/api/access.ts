// Access for tests: by loopback alone, or by a list that a test writes.

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createAccess, type Access, type AccessParts } from '../../src/api/access/access.ts';
import { hashOf, openTokens, type Tokens } from '../../src/api/access/access-list.ts';
import type { Grant } from '../../src/api/access/caller.ts';
import { systemClock } from '../../src/clock.ts';

const rest = {
  vouchers: [],
  clock: systemClock,
  wall: () => new Date(),
} satisfies Partial<AccessParts>;

export function openAtLoopback(loopback: AccessParts['loopback']): Access {
  return createAccess({ ...rest, loopback });
}

export function accessBy(own: Partial<AccessParts>): Access {
  return createAccess({ ...rest, loopback: 'none', ...own });
}

export interface ListFile {
  readonly file: string;
  readonly tokens: Tokens;
  /** Whole, never half. */
  readonly write: (text: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** The token of a name is the name, filled up with `x`. */
export function tokenOf(name: string): string {
  return name.padEnd(40, 'x');
}

export function hashText(token: string): string {
  return `sha256:${hashOf(token).toString('hex')}`;
}

export function listText(tokens: Readonly<Record<string, Grant>>, grants: object[] = []): string {
  const entries = Object.entries(tokens).map(([name, grant]) => {
    return { name, hash: hashText(tokenOf(name)), ...grant };
  });
  return stringify({ tokens: entries, grants });
}

export async function writeList(text: string): Promise<ListFile> {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-access-'));
  const file = join(folder, 'access.yaml');
  const write = async (next: string): Promise<void> => {
    await writeFile(`${file}.new`, next);
    await rename(`${file}.new`, file);
  };
  await write(text);
  const tokens = await openTokens(file, { clock: systemClock, tell: () => undefined });
  return { file, tokens, write, remove: () => rm(folder, { recursive: true, force: true }) };
}

// A token and its entry in the access file, made and written out.
//
// Comes in: a name and what the token is for. Goes out: the token, once, and the entry that takes it in. On
// failure: a CommandFailure that says what is wrong with the entry.

import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { OWN_TOKEN } from '../api/access/access.ts';
import { AccessFault, readAccessList } from '../api/access/access-file.ts';
import { hashOf, SHORTEST_TOKEN } from '../api/access/access-list.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export interface TokenOptions {
  readonly role: readonly string[];
  readonly app?: readonly string[];
  readonly cluster?: readonly string[];
  readonly edge?: readonly string[];
  readonly until?: string;
  readonly output: 'text' | 'json';
}

export function makeToken(name: string, options: TokenOptions): void {
  const { role, app, cluster, edge, until, output } = options;
  const token = `${OWN_TOKEN}${randomBytes(32).toString('base64url')}`;
  const entry = {
    name,
    hash: hashText(token),
    roles: role,
    ...(app && { apps: app }),
    ...(cluster && { clusters: cluster }),
    ...(edge && { edges: edge }),
    ...(until !== undefined && { until }),
  };
  const fault = faultOf(entry);
  if (fault !== undefined) throw new CommandFailure(EXIT.failed, `error: ${fault}`);
  if (output === 'json') {
    process.stdout.write(`${JSON.stringify({ token, entry }, null, 2)}\n`);
    return;
  }
  // Apart, so that what is redirected to the access file holds no token.
  process.stderr.write(`The token of ${name}, shown this once: ${token}\n`);
  process.stdout.write(stringify({ tokens: [entry] }));
}

function faultOf(entry: object): string | undefined {
  try {
    readAccessList(JSON.stringify({ tokens: [entry] }), 'entry');
    return undefined;
  } catch (error) {
    if (!(error instanceof AccessFault)) throw error;
    return error.lines.join('; ').replaceAll(/entry:\d+: tokens\[0\]\.?/g, '');
  }
}

/** Of one that somebody else made. */
export function printHash(token: string): void {
  if (token.length < SHORTEST_TOKEN) {
    const text = `error: a token has at least ${SHORTEST_TOKEN} characters`;
    throw new CommandFailure(EXIT.failed, text);
  }
  process.stdout.write(`${hashText(token)}\n`);
}

function hashText(token: string): string {
  return `sha256:${hashOf(token).toString('hex')}`;
}

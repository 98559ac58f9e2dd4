// `ballast token`: tokens for the API, and their entries in the access file.
//
// Comes in: a name and what the token is for; for `hash` a token on the standard input. Goes out: the
// token, once, and the entry that takes it in. Nothing is written anywhere: what is kept is a hash.

import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { OWN_TOKEN } from '../api/access/access.ts';
import { AccessFault, readAccessList } from '../api/access/access-file.ts';
import { hashOf, SHORTEST_TOKEN } from '../api/access/access-list.ts';
import { ROLES } from '../api/access/caller.ts';

interface Options {
  readonly role: readonly string[];
  readonly app?: readonly string[];
  readonly cluster?: readonly string[];
  readonly edge?: readonly string[];
  readonly until?: string;
  readonly output: 'text' | 'json';
}

export function tokenCommand(): Command {
  const create = new Command('create')
    .description('makes a token and its entry for the access file (api.tokens)')
    .argument('<name>', 'who has it, for audit')
    .addOption(
      new Option('--role <role...>', 'what it is for').choices(ROLES).makeOptionMandatory(),
    )
    .option('--app <name...>', 'these apps alone, with * for anything')
    .option('--cluster <name...>', 'these clusters alone, with * for anything')
    .option('--edge <name...>', 'of the role edge: these edges')
    .option('--until <time>', 'its end, RFC 3339')
    .addOption(
      new Option('-o, --output <format>', 'how it is written')
        .choices(['text', 'json'])
        .default('text'),
    )
    .action((name: string, options: Options) => makeToken(create, name, options));
  const hash = new Command('hash')
    .description('reads a token from the standard input and prints its hash')
    .action(async () => {
      const token = (await text(process.stdin)).trim();
      if (token.length < SHORTEST_TOKEN) {
        hash.error(`error: a token has at least ${SHORTEST_TOKEN} characters`);
      }
      process.stdout.write(`${hashText(token)}\n`);
    });
  const command = new Command('token').description('tokens for the API');
  for (const one of [create, hash]) command.addCommand(one.exitOverride());
  return command;
}

function makeToken(command: Command, name: string, options: Options): void {
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
  if (fault !== undefined) command.error(`error: ${fault}`);
  const shown =
    output === 'json'
      ? JSON.stringify({ token, entry }, null, 2)
      : `# ${token}\n# The token of ${name}, shown this once. Its entry in the access file:\n${stringify({ tokens: [entry] }).trim()}`;
  process.stdout.write(`${shown}\n`);
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

function hashText(token: string): string {
  return `sha256:${hashOf(token).toString('hex')}`;
}

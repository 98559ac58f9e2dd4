// `ballast token`: tokens for the API, and their entries in the access file.
//
// Comes in: a name and what the token is for; for `hash` a token on the standard input. Goes out: the
// token, once, and the entry that takes it in. Nothing is written anywhere: what is kept is a hash.

import { text } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { ROLES } from '../api/access/caller.ts';
import type { TokenOptions } from './new-token.ts';

export function tokenCommand(): Command {
  const token = new Command('token').description('tokens for the API');
  token
    .command('create')
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
    .action(async (name: string, options: TokenOptions) =>
      (await import('./new-token.ts')).makeToken(name, options),
    );
  token
    .command('hash')
    .description('reads a token from the standard input and prints its hash')
    .action(async () => {
      const { printHash } = await import('./new-token.ts');
      printHash((await text(process.stdin)).trim());
    });
  return token;
}

// `ballast context …`: which controllers commands may ask, and which they ask now.

import { Command } from 'commander';
import { resolve } from 'node:path';
import { type Context, contextsFile, readContexts, writeContexts } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { addListOptions, formatList, type ListOptions, type Shape } from './output.ts';

const shapeOf = (current: string | undefined): Shape<Context> => ({
  nameOf: ({ name }) => `context/${name}`,
  columns: [
    { head: 'CURRENT', of: ({ name }) => (name === current ? '*' : ' ') },
    { head: 'NAME', of: ({ name }) => name },
    { head: 'SERVER', of: ({ server }) => server },
    { head: 'TOKEN', of: ({ token }) => token?.file },
    { head: 'CA', of: ({ ca }) => ca?.file },
  ],
});

interface SetOptions {
  readonly server: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

export function contextCommand(): Command {
  const context = new Command('context').description('controllers that commands ask');
  addListOptions(context.command('list'))
    .description('all contexts')
    .action(async (options: ListOptions) => {
      const { current, contexts } = await readContexts(contextsFile(process.env));
      process.stdout.write(await formatList({ items: contexts }, shapeOf(current), options));
    });
  context.command('use').description('ask this one from now on').argument('<name>').action(use);
  context
    .command('set')
    .description('add one, or change it; the first becomes the current one')
    .argument('<name>')
    .requiredOption('--server <url>', 'the controller')
    .option('--token-file <file>', 'file with the token')
    .option('--ca-file <file>', 'certificate authority of the controller, PEM')
    .action(set);
  return context;
}

async function use(name: string): Promise<void> {
  const file = contextsFile(process.env);
  const { contexts } = await readContexts(file);
  if (!contexts.some((one) => one.name === name)) {
    throw new CommandFailure(EXIT.notFound, `${file}: no context ${name}`);
  }
  await writeContexts(file, { current: name, contexts });
  process.stdout.write(`${name} is the current context\n`);
}

async function set(name: string, { server, tokenFile, caFile }: SetOptions): Promise<void> {
  const file = contextsFile(process.env);
  const { current = name, contexts } = await readContexts(file);
  const added = {
    name,
    server,
    ...(tokenFile !== undefined && { token: { file: resolve(tokenFile) } }),
    ...(caFile !== undefined && { ca: { file: resolve(caFile) } }),
  };
  await writeContexts(file, {
    current,
    contexts: [...contexts.filter((one) => one.name !== name), added],
  });
  process.stdout.write(`context ${name} is set in ${file}\n`);
}

// `ballast import nginx.conf`: static upstreams as apps with VMs, and what would change. Nothing is written.

import { Command, Option } from 'commander';
import { CommandFailure, EXIT } from './exit-codes.ts';
import type { Imported, ImportedApp, ImportedShare } from './nginx/apps.ts';
import { percent, toTable } from './table.ts';

interface Options {
  readonly ingress: readonly string[];
  readonly output: 'text' | 'yaml' | 'json';
}

export function importCommand(): Command {
  return new Command('import')
    .description('upstream blocks of an nginx configuration as apps and VMs; nothing is written')
    .argument('<nginx.conf>', 'the file that nginx is started with; its includes are followed')
    .option('--ingress <address...>', 'ingress nodes, with or without port: no VMs', [])
    .addOption(
      new Option(
        '-o, --output <format>',
        'text: what would change; yaml: keys for the configuration',
      )
        .choices(['text', 'yaml', 'json'])
        .default('text'),
    )
    .action(async (file: string, options: Options) => {
      const imported = await read(file, options.ingress);
      process.stdout.write(await format(imported, options.output));
      const { changes } = await import('./nginx/apps.ts');
      if (imported.apps.some(changes)) process.exitCode = EXIT.changes;
    });
}

async function read(file: string, ingress: readonly string[]): Promise<Imported> {
  const [{ importApps }, { NginxFault }, { readConfiguration }] = await Promise.all([
    import('./nginx/apps.ts'),
    import('./nginx/directives.ts'),
    import('./nginx/read.ts'),
  ]);
  try {
    return importApps(readConfiguration(file), new Set(ingress));
  } catch (error) {
    if (error instanceof NginxFault) throw new CommandFailure(EXIT.failed, error.message);
    throw error;
  }
}

async function format(imported: Imported, output: Options['output']): Promise<string> {
  if (output === 'json') return `${JSON.stringify(imported, null, 2)}\n`;
  if (output === 'text') return asText(imported);
  const { stringify } = await import('yaml');
  const list = imported.apps.map(({ name, hosts, vms, policy }) => ({
    name,
    ...(hosts.length > 0 && { hosts }),
    vms,
    ...(policy && { policy }),
  }));
  return stringify({ apps: { list } });
}

function asText({ apps, left }: Imported): string {
  const rest =
    left.length === 0 ? [] : [`left out:\n${left.map((line) => `  ${line}\n`).join('')}`];
  if (apps.length === 0) return ['no upstream that could be an app\n', ...rest].join('\n');
  return [...apps.map(appText), ...rest].join('\n');
}

function appText(app: ImportedApp): string {
  const { name, place, hosts, shares, notes } = app;
  const rows = shares.map(({ address, weight, today, later }) => [
    address,
    String(weight),
    percent(today),
    percent(later),
  ]);
  const table = toTable(['vm', 'weight', 'today', 'with Ballast'], rows);
  const kept = shares.some(({ today, later }) => today !== later)
    ? [`to keep today’s shares, once it is there:`, ...shares.map(pin(name, shares))]
    : [];
  const lines = [...table.trimEnd().split('\n'), ...notes, ...kept];
  return `${name} (${place}) ${hosts.join(' ')}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** The heaviest weight that a pin may have. */
const HEAVIEST = 65_535;

function pin(app: string, shares: ImportedApp['shares']): (share: ImportedShare) => string {
  const scale = Math.min(10, HEAVIEST / Math.max(...shares.map(({ weight }) => weight)));
  return ({ address, weight }) =>
    `  ballast weight pin ${app} --server-address ${word(address)} --weight ${Math.max(1, Math.floor(weight * scale))} --why "as before"`;
}

/** An IPv6 one has brackets, in which shells see a pattern. */
function word(address: string): string {
  return address.startsWith('[') ? `'${address}'` : address;
}

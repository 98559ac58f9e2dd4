// The command line: `ballast [--config FILE]` runs the program, `ballast NOUN VERB` (or a verb alone) asks
// or tells something. Each command is a file of its own, added here; none knows of another.
//
// Comes in: the arguments, and how the program is run. Goes out: an exit code (exit-codes.ts). On
// failure: a CommanderError, whose line commander has written; else what the command throws.

import { Command, CommanderError, Option } from 'commander';
import { ConfigError } from '../config.ts';
import { checkCommand } from './check.ts';
import { EXIT } from './exit-codes.ts';

export interface RunOptions {
  readonly config?: string;
  readonly logLevel: string;
  readonly once: boolean;
  readonly json: boolean;
}

export function createProgram(run: (options: RunOptions) => Promise<void>): Command {
  const program = new Command('ballast')
    .description('keeps the upstream weights of an edge nginx tier in trim')
    .option('--config <file>', 'configuration, YAML; without it the demo fleet runs')
    .option('--once', 'demo: run the script of events to its end', false)
    .option('--json', 'demo: print one JSON object', false)
    .addOption(
      new Option('--log-level <level>', 'how much is logged')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('info'),
    )
    // An option behind a command is the command's.
    .enablePositionalOptions()
    .exitOverride()
    .action(run);
  // Added ones do not inherit it.
  for (const command of [checkCommand()])
    program.addCommand(command.copyInheritedSettings(program));
  return program;
}

/** What a command threw, said on the error output. */
export function exitCodeOf(error: unknown): number {
  // Commander has written its line already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed;
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.lines.join('\n')}\n`);
    return EXIT.config;
  }
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  return EXIT.failed;
}

// The command line: `ballast NOUN VERB` (or a verb alone) asks or tells something, `ballast run` is the
// controller. Each command is a file of its own, added here; what it needs is loaded when it runs, so
// that help comes at once.
//
// Comes in: the arguments, and how the program is run. Goes out: an exit code (exit-codes.ts). On
// failure: a CommanderError, whose line commander has written; else what the command throws.

import { Command, CommanderError, Option } from 'commander';
import { BallastError } from '../errors.ts';
import { appCommand } from './app.ts';
import { checkCommand } from './check.ts';
import { clusterCommand } from './cluster.ts';
import { addCompletion } from './completion.ts';
import { configCommand } from './config.ts';
import { contextCommand } from './context.ts';
import { edgeCommand } from './edge.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { fanoutCommand } from './fanout.ts';
import { auditCommand, historyCommand } from './history.ts';
import { holdCommand } from './hold.ts';
import { importCommand } from './import.ts';
import { migrationCommand } from './migration.ts';
import { jobCommand } from './job.ts';
import { tokenCommand } from './token.ts';
import { versionCommand } from './version.ts';
import { weightCommand } from './weight.ts';

export interface RunOptions {
  readonly config?: string;
  readonly logLevel: string;
  readonly once: boolean;
  readonly json: boolean;
}

type Run = (options: RunOptions) => Promise<void>;

export function createProgram(run: Run): Command {
  const program = new Command('ballast')
    .description('keeps the upstream weights of an edge nginx tier in trim')
    .option('--config <file>', 'configuration, YAML; without it the demo fleet runs')
    .option('--once', 'demo: run the script of events to its end', false)
    .option('--json', 'demo: print one JSON object', false)
    .addOption(logLevel())
    // An option behind a command is the command's.
    .enablePositionalOptions()
    .exitOverride()
    .action((options: RunOptions) => {
      const [word] = program.args;
      if (word === undefined) return run(options);
      return program.error(`error: unknown command '${word}' (ballast --help lists them)`);
    });
  const commands = [
    appCommand(),
    clusterCommand(),
    edgeCommand(),
    weightCommand(),
    holdCommand(),
    historyCommand(),
    auditCommand(),
    fanoutCommand(),
    importCommand(),
    migrationCommand(),
    jobCommand(),
    contextCommand(),
    checkCommand(),
    tokenCommand(),
    configCommand(),
    runCommand(run),
    demoCommand(run),
    versionCommand(),
  ];
  for (const command of commands) program.addCommand(inherit(command, program));
  addCompletion(program);
  // What is no command stands here as an argument too many; only here: the others have inherited by now.
  return program.allowExcessArguments();
}

/** Subcommands as well: added ones do not inherit settings. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) inherit(child, command);
  return command;
}

function runCommand(run: Run): Command {
  return new Command('run')
    .description('the controller')
    .requiredOption('--config <file>', 'configuration, YAML')
    .addOption(logLevel())
    .action((options: Pick<RunOptions, 'config' | 'logLevel'>) =>
      run({ ...options, once: false, json: false }),
    );
}

function demoCommand(run: Run): Command {
  return new Command('demo')
    .description('a fleet of simulated clusters and real edges on this machine')
    .option('--once', 'run the script of events to its end', false)
    .option('--json', 'print one JSON object', false)
    .addOption(logLevel())
    .action(run);
}

function logLevel(): Option {
  return new Option('--log-level <level>', 'how much is logged')
    .choices(['error', 'warn', 'info', 'debug'])
    .default('info');
}

/** What a command threw, said on the error output. */
export function exitCodeOf(error: unknown): number {
  // Commander has written its line already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed;
  if (error instanceof CommandFailure) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof BallastError && error.code === 'config-invalid') {
    process.stderr.write(`${error.message}\n`);
    return EXIT.config;
  }
  process.stderr.write(`${(error as Error).stack ?? String(error)}\n`);
  return EXIT.failed;
}

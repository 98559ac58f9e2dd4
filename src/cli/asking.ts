// Options that every command has which asks or tells the controller something, and what they lead to.

import type { Command } from 'commander';
import { type Caller, openCaller } from './caller.ts';
import { type PlaceOptions, placeOf } from './contexts.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';

export function addPlaceOptions(command: Command): Command {
  return command
    .option('--context <name>', 'one of the context file; default: its current one')
    .option('--server <url>', 'the controller; also BALLAST_SERVER')
    .option('--token-file <file>', 'file with the token; also BALLAST_TOKEN, which is the token');
}

export async function callerOf(options: PlaceOptions): Promise<Caller> {
  return openCaller(await placeOf(options, process.env));
}

/** A whole number within bounds, else a failure that names the option. */
export function wholeNumber(option: string, least: number, most: number) {
  return (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new CommandFailure(
      EXIT.failed,
      `${option}: must be a whole number from ${least} to ${most}, not ${text}`,
    );
  };
}

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `2h` from now on, or a time as it is. */
export function endOf(text: string): string {
  return timeAt(text, 1) ?? noTime('--until', text, 'from now');
}

/** `2h` ago, or a time as it is. */
export function pastOf(text: string): string {
  return timeAt(text, -1) ?? noTime('--since', text, 'ago');
}

/** Nothing where it looks like neither; whether there is such a day is the API's to say. */
function timeAt(text: string, direction: 1 | -1): string | undefined {
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return text;
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined) return undefined;
  const seconds = Number(count) * UNITS[unit as keyof typeof UNITS];
  return new Date(Date.now() + direction * seconds * 1000).toISOString();
}

function noTime(option: string, text: string, from: string): never {
  throw new CommandFailure(
    EXIT.failed,
    `${option}: must be a time as 2026-01-31T12:00:00Z, or 30m, 2h, 1d ${from}, not ${text}`,
  );
}

// `ballast job …`: what runs on clusters, and what people say to it.

import { Command, Option } from 'commander';
import { COMMANDS, type CommandName } from '../jobs/commands.ts';
import { addPlaceOptions, callerOf } from './asking.ts';
import { segment, type Caller } from './caller.ts';
import type { PlaceOptions } from './contexts.ts';
import { EXIT } from './exit-codes.ts';
import {
  addListOptions,
  type Format,
  formatItem,
  formatList,
  type ListOptions,
  outputOption,
  type Shape,
} from './output.ts';
import { toTable } from './table.ts';
import { endWithReader } from './watching.ts';

interface Head {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  readonly why?: string;
  readonly asks?: string;
  readonly waits?: readonly string[];
  readonly revision: number;
  readonly apps: readonly string[];
  readonly clusters: readonly string[];
  readonly begun: { readonly who: string; readonly at: string };
}

interface Whole extends Head {
  readonly steps: readonly {
    readonly id: string;
    readonly state: string;
    readonly attempt: number;
    readonly text: string;
    readonly waits?: string;
  }[];
}

const SHAPE: Shape<Head> = {
  nameOf: ({ id }) => `job/${id}`,
  columns: [
    { head: 'ID', of: ({ id }) => id },
    { head: 'KIND', of: ({ kind }) => kind },
    { head: 'STATE', of: ({ state }) => state },
    { head: 'APPS', of: ({ apps }) => apps.join(',') },
    { head: 'CLUSTERS', of: ({ clusters }) => clusters.join(','), wide: true },
    { head: 'BEGUN', of: ({ begun }) => begun.at },
    { head: 'WHO', of: ({ begun }) => begun.who },
    { head: 'WHY', of: whyText },
  ],
};

function whyText({ why, waits = [] }: Head): string | undefined {
  const words = [...(why === undefined ? [] : [why]), ...waits];
  return words.length === 0 ? undefined : words.join('; ');
}

interface ReadOptions extends PlaceOptions {
  readonly output: Format;
}

const SENTENCES: Readonly<Record<CommandName, string>> = {
  pause: 'write nothing more; what it holds stays held',
  resume: 'go on where it was paused',
  abort: 'take back what it wrote, and its holds',
  retry: 'make what failed again, or let a blocked one go on',
  skip: 'go on as if a step had gone well',
  approve: 'approve what it waits for',
};

export function jobCommand(): Command {
  const job = new Command('job').description('work on clusters that takes its time');
  addListOptions(addPlaceOptions(job.command('list')))
    .description('all jobs, the newest first')
    .action(async (options: PlaceOptions & ListOptions) => {
      const caller = await callerOf(options);
      const { body } = await caller.ask<{ readonly items: readonly Head[] }>('/jobs');
      process.stdout.write(await formatList(body, SHAPE, options));
    });
  addPlaceOptions(job.command('get'))
    .description('one, with every step')
    .argument('<id>')
    .addOption(outputOption())
    .action(async (id: string, options: ReadOptions) => {
      const caller = await callerOf(options);
      const { body } = await caller.ask<Whole>(`/jobs/${segment(id)}`);
      const format = { format: options.output, text: () => wholeText(body) };
      process.stdout.write(await formatItem(body, SHAPE, format));
    });
  addJobWatch(job);
  for (const name of COMMANDS) addJobWord(job, name);
  return job;
}

/** Below whatever command: a job of any kind is followed the same way. */
export function addJobWatch(parent: Command): void {
  addPlaceOptions(parent.command('watch'))
    .description('a line for each step, until it rests: exit code 1 where it is not done')
    .argument('<id>')
    .action(watch);
}

/** `as`: how it is called there. */
export function addJobWord(parent: Command, name: CommandName, as: string = name): void {
  const command = addPlaceOptions(parent.command(as)).description(SENTENCES[name]).argument('<id>');
  if (name === 'retry' || name === 'skip') {
    command.addOption(new Option('--step <step>', 'this one; default: what failed'));
  }
  if (name === 'approve') {
    command.addOption(
      new Option('--asks <what>', 'this and nothing else; default: what it asks now'),
    );
    command.action((id: string, options: ApproveOptions) => approve(id, as, options));
    return;
  }
  command.action(async (id: string, options: PlaceOptions & { readonly step?: string }) => {
    const caller = await callerOf(options);
    const { step } = options;
    const { body } = await caller.ask<Head>(`/jobs/${segment(id)}/${name}`, {
      method: 'POST',
      query: { step },
    });
    process.stdout.write(`${as}: ${headText(await heeded(caller, body))}\n`);
  });
}

interface ApproveOptions extends PlaceOptions {
  readonly asks?: string;
}

/** So often it is asked what has become of a word, and this long apart. */
const LOOKS = 20;
const LOOK_MS = 100;

/** What it asked when it was looked at is what is approved: it may ask for the next one by now. */
async function approve(id: string, as: string, options: ApproveOptions): Promise<void> {
  const caller = await callerOf(options);
  const path = `/jobs/${segment(id)}`;
  const asks = options.asks ?? (await caller.ask<Head>(path)).body.asks;
  const call = { method: 'POST', ...(asks !== undefined && { body: { asks } }) } as const;
  const { body } = await caller.ask<Head>(`${path}/approve`, call);
  process.stdout.write(`${as}: ${asks}\n`);
  process.stdout.write(`${headText(await heeded(caller, body))}\n`);
}

/** As it is once its runner has heard the word, which is on record before. */
async function heeded(caller: Caller, said: Head): Promise<Head> {
  let head = said;
  for (let look = 0; look < LOOKS && head.revision === said.revision; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    ({ body: head } = await caller.ask<Head>(`/jobs/${segment(said.id)}`));
  }
  return head;
}

function headText({ id, state, why, asks }: Head): string {
  const reason = why === undefined ? '' : `: ${why}`;
  return `job ${id} is ${state}${reason}${asks === undefined ? '' : `; to be approved: ${asks}`}`;
}

function wholeText(job: Whole): string {
  const rows = job.steps.map(({ id, state, attempt, text, waits }) => [
    id,
    state,
    attempt,
    waits ?? text,
  ]);
  const early = earlyWaits(job).map((text) => `waits for ${text}\n`);
  return `${headText(job)}\n${early.join('')}${toTable(['STEP', 'STATE', 'ATTEMPT', 'TEXT'], rows)}`;
}

/** Of steps that are not begun, and in no list of steps. */
function earlyWaits({ waits = [], steps }: Whole): string[] {
  return waits.filter((text) => !steps.some(({ id }) => text.startsWith(`${id}: `)));
}

export type Begun = Pick<Head, 'id' | 'state'>;

export const begunText = ({ id, state }: Begun): string =>
  `job ${id} is ${state}; follow it: ballast job watch ${id}\n`;

const RESTING = new Set(['Done', 'RolledBack', 'Failed', 'Blocked', 'Paused', 'WaitingApproval']);
const PAUSE_MS = 500;

async function watch(id: string, options: PlaceOptions): Promise<void> {
  endWithReader();
  const caller = await callerOf(options);
  const told = new Set<string>();
  const tell = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    process.stdout.write(`${line}\n`);
  };
  for (;;) {
    const { body } = await caller.ask<Whole>(`/jobs/${segment(id)}`);
    for (const { id: step, state, text, waits } of body.steps) {
      tell(`${step}: ${state}: ${waits ?? text}`);
    }
    for (const text of earlyWaits(body)) tell(text);
    if (RESTING.has(body.state)) {
      tell(headText(body));
      process.exitCode = body.state === 'Done' ? EXIT.ok : EXIT.failed;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

// The lane of people: what an operator waits for.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { availableParallelism } from 'node:os';
import type { Lane, Length } from './lane.ts';
import { watchChanges } from './people/events.ts';
import { viewFirst } from './people/first-view.ts';
import { rowOf } from './rows.ts';

const ROUNDS: Readonly<Record<Length, number>> = { full: 40, quick: 20, smoke: 2 };
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const STREAMS = 'a change reaches 500 event streams';
const POLLS = 'a change answers 200 long polls';
const VIEW = 'first view of the page';

export const people: Lane = {
  limits: { 'ballast --help': 150, [STREAMS]: 1000, [POLLS]: 1000, [VIEW]: 1000 },
  about: () =>
    `Help: from start to end of the process. Changes: until the last of 500 event streams and of 200 long polls has it, the controller in a process of its own, the clients together in another. Memory: used by the controller, after all garbage has gone. Page: until a browser that was never here shows the first of 1,000 apps over ten clusters. Node ${process.version}, ${availableParallelism()} cores.`,
  async run(length, done) {
    const samples = Array.from({ length: ROUNDS[length] }, () => timed(['--help']));
    done([rowOf('ballast --help', 'ms', samples)]);
    done([rowOf(VIEW, 'ms', await viewFirst(Math.ceil(ROUNDS[length] / 2)))]);
    const { streamsMs, pollsMs, gainedMb } = await watchChanges(ROUNDS[length]);
    done([
      rowOf(STREAMS, 'ms', streamsMs),
      rowOf(POLLS, 'ms', pollsMs),
      rowOf('memory of the controller that the second half of the changes added', 'MB', [gainedMb]),
    ]);
  },
};

function timed(args: readonly string[]): number {
  const began = performance.now();
  const out = execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  const took = performance.now() - began;
  if (!out.includes('Commands:')) throw new Error(`no help: ${out}`);
  return took;
}

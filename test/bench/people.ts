// The lane of people: what an operator waits for.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { availableParallelism } from 'node:os';
import type { Lane, Length } from './lane.ts';
import { rowOf } from './rows.ts';

const ROUNDS: Readonly<Record<Length, number>> = { full: 40, quick: 20, smoke: 2 };
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export const people: Lane = {
  limits: { 'ballast --help': 150 },
  about: () =>
    `From start to end of the process. Node ${process.version}, ${availableParallelism()} cores.`,
  run(length, done) {
    const samples = Array.from({ length: ROUNDS[length] }, () => timed(['--help']));
    done([rowOf('ballast --help', 'ms', samples)]);
    return Promise.resolve();
  },
};

function timed(args: readonly string[]): number {
  const began = performance.now();
  const out = execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  const took = performance.now() - began;
  if (!out.includes('Commands:')) throw new Error(`no help: ${out}`);
  return took;
}

// The lane of rounds: what a round with one dirty app costs among few apps and among many, in one run,
// in alternating slices; and for how long looking at all apps anew holds everything up.
import { startRoundFleet, type RoundFleet } from './rounds/fleet.ts';
import { using } from './edge/using.ts';
import type { Lane, Length } from './lane.ts';
import { rowOf } from './rows.ts';

const FEW = 100;
const MANY = 10_000;
const WARM_ROUNDS = 1000;

interface Pace {
  readonly slices: number;
  readonly rounds: number;
}

const PACES: Readonly<Record<Length, Pace>> = {
  full: { slices: 60, rounds: 400 },
  quick: { slices: 15, rounds: 400 },
  smoke: { slices: 1, rounds: 20 },
};

const RATIO = `a round of ${MANY} apps against ${FEW}`;

export const rounds: Lane = {
  limits: { [RATIO]: 5 },
  about: () =>
    `One dirty app a round, three clusters of three ingress nodes, everything in memory. Node ${process.version}.`,
  async run(length, done) {
    await using(async (own) => {
      const pace = PACES[length];
      const few = await own(startRoundFleet(FEW));
      const many = await own(startRoundFleet(MANY));
      const [ofFew, ofMany]: [number[], number[]] = [[], []];
      // The first ones are compiled while they run.
      for (const fleet of [few, many]) await slice(fleet, WARM_ROUNDS);
      for (let at = 0; at < pace.slices; at += 1) {
        ofFew.push(await slice(few, pace.rounds));
        ofMany.push(await slice(many, pace.rounds));
      }
      done([
        rowOf(`a round of ${FEW} apps`, 'us', ofFew),
        rowOf(`a round of ${MANY} apps`, 'us', ofMany),
        rowOf(
          RATIO,
          'ratio',
          ofMany.map((cost, at) => cost / (ofFew[at] ?? Number.NaN)),
        ),
      ]);
      const stalls: number[] = [];
      for (let at = 0; at < Math.min(pace.slices, 5); at += 1) stalls.push(await many.recount());
      done([rowOf(`all of ${MANY} apps anew, longest stall`, 'ms', stalls)]);
    });
  },
};

/** Microseconds of a round, on average. */
async function slice(fleet: RoundFleet, count: number): Promise<number> {
  let sum = 0;
  for (let at = 0; at < count; at += 1) sum += await fleet.round();
  return (sum / count) * 1000;
}

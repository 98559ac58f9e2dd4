// Calls between processes and to the store, over links that lose, delay, double and cut.
//
// Comes in: a call, and what is done where it arrives. Goes out: its answer. On failure: as with real
// links, no answer within the caller's patience, or at once that nobody is there.

import type { Chance } from './chance.ts';
import type { Process, Time } from './time.ts';

/** What is wrong with some links for a while. */
export interface Weather {
  /** Names of processes, or `store`; absent: all. */
  readonly from?: string;
  readonly to?: string;
  /** Of a hundred messages, each way. */
  readonly lost?: number;
  readonly late?: number;
  readonly twice?: number;
  readonly lateMs?: number;
}

export interface Place {
  readonly name: string;
  /** Of chance; absent: as its name. */
  readonly stream?: string;
  /** Absent: the store, which is always there. */
  process?(): Process | undefined;
}

const FASTEST_MS = 0.2;
const SPREAD_MS = 2;

export class Network {
  readonly #time: Time;
  readonly #chance: Chance;
  readonly #weather = new Set<Weather>();

  constructor(time: Time, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  /** Returns the way to end it. */
  begin(weather: Weather): () => void {
    this.#weather.add(weather);
    return () => this.#weather.delete(weather);
  }

  clear(): void {
    this.#weather.clear();
  }

  call<Answer>(from: Process, to: Place, patienceMs: number, serve: () => Answer): Promise<Answer> {
    const way = this.#way(from.name, to.name, `${from.name}>${to.stream ?? to.name}`);
    const back = this.#way(to.name, from.name, way.purpose);
    return new Promise<Answer>((resolve, reject) => {
      let open = true;
      const end = (act: () => void): void => {
        if (!open) return;
        open = false;
        act();
      };
      const offTimer = from.after(patienceMs, () => end(() => reject(new Error('no answer'))));
      const reply = (act: () => void): void => {
        if (back.lost) return;
        from.after(back.ms, () => {
          offTimer();
          end(act);
        });
      };
      const arrive = (answered: boolean): void => {
        const process = to.process?.();
        if (to.process && !process?.alive) {
          if (answered) reply(() => reject(new Error('refused')));
          return;
        }
        const work = (): void => {
          const answer = serve();
          if (answered) reply(() => resolve(answer));
        };
        if (process) process.resume(work);
        else work();
      };
      if (!way.lost) this.#time.after(way.ms, () => arrive(true));
      // TCP doubles nothing: it is a caller that tries again, and none does so with the store.
      if (way.twice && to.process) this.#time.after(way.twiceMs, () => arrive(false));
    });
  }

  #way(from: string, to: string, purpose: string) {
    const random = this.#chance.of(purpose);
    let ms = FASTEST_MS + random.next() * SPREAD_MS;
    let lost = false;
    let twice = false;
    for (const weather of this.#weather) {
      if (!isOn(weather, from, to)) continue;
      lost ||= hits(random.next(), weather.lost);
      twice ||= hits(random.next(), weather.twice);
      const late = random.next() * (weather.lateMs ?? 0);
      if (hits(random.next(), weather.late)) ms += late;
    }
    return { purpose, ms, lost, twice, twiceMs: ms + (twice ? random.next() * 3000 : 0) };
  }
}

function hits(chance: number, percent = 0): boolean {
  return chance * 100 < percent;
}

/** Both ways. */
function isOn({ from, to }: Weather, a: string, b: string): boolean {
  return isBetween(from, to, a, b) || isBetween(from, to, b, a);
}

function isBetween(
  from: string | undefined,
  to: string | undefined,
  a: string,
  b: string,
): boolean {
  return (from === undefined || from === a) && (to === undefined || to === b);
}

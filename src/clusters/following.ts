// All lists and watches of one cluster: the same from its opening on, but for pods by label, which come
// and go with the configuration.
//
// In: where to look. Out: how each goes; what they show goes into the records. On failure: each one's own.
// One that is not wanted any more ends, and what it knew is forgotten.

import { followAppPods, type FollowedPods, podSelectors } from './app-pods.ts';
import type { AppSource, AppSources } from './cluster.ts';
import type { Health } from './health.ts';
import { type Followed, followResources, type Place } from './resources.ts';
import { type Watched, watchedOf } from './watched.ts';

export class Following {
  readonly #place: Place;
  readonly #always: readonly Followed[];
  readonly #leaving = new Set<Promise<void>>();
  #appPods: ReadonlyMap<string, FollowedPods> = new Map();
  #watched: readonly Watched[] = [];
  /** Of those that are not followed any more. */
  #relistsBefore = 0;

  /** Nothing is asked for before start(). */
  constructor(place: Place) {
    this.#place = place;
    this.#always = followResources(place);
    this.#take(this.#podsFor(place.sources.told, false));
  }

  start(): void {
    for (const { reflector } of this.#all()) reflector.start();
  }

  /** Another list where something comes or goes. */
  watched(): readonly Watched[] {
    return this.#watched;
  }

  relist(): void {
    for (const { reflector } of this.#all()) reflector.relist();
  }

  setBack(): void {
    for (const { reflector } of this.#all()) reflector.setBack();
  }

  /** While it runs: what goes on is not touched. False where Services would have to be read otherwise. */
  lookFor({ told, serviceLabel }: AppSources): boolean {
    const { sources, records } = this.#place;
    if (serviceLabel !== sources.serviceLabel) return false;
    records.lookFor(told);
    const before = this.#appPods;
    const now = this.#podsFor(told, true);
    this.#take(now);
    for (const [key, followed] of before) if (!now.has(key)) this.#leave(followed);
    for (const [key, { reflector }] of now) if (!before.has(key)) reflector.start();
    return true;
  }

  /** Lists after the first ones. */
  relists(): number {
    return this.#watched.reduce((sum, { health }) => sum + again(health), this.#relistsBefore);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all().map(({ reflector }) => reflector.close()), ...this.#leaving]);
  }

  #podsFor(told: readonly AppSource[], late: boolean): ReadonlyMap<string, FollowedPods> {
    const now = new Map<string, FollowedPods>();
    for (const [key, pods] of podSelectors(this.#place.settings, told)) {
      const known = this.#appPods.get(key);
      now.set(key, known ?? { ...followAppPods(this.#place, pods), ...(late && { late }) });
    }
    return now;
  }

  #take(now: ReadonlyMap<string, FollowedPods>): void {
    this.#appPods = now;
    this.#watched = this.#all().map(watchedOf);
  }

  #leave({ reflector, stop }: FollowedPods): void {
    this.#relistsBefore += again(reflector.health());
    stop();
    const left = reflector.close().then(() => void this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  #all(): readonly Followed[] {
    return [...this.#always, ...this.#appPods.values()];
  }
}

function again({ lists }: Health): number {
  return Math.max(0, lists - 1);
}

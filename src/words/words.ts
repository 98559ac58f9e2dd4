// Words of people and jobs: holds, adoptions, deletions, written by the leader between two rounds.
//
// Comes in: words, each decided from what stands at its turn. Goes out: one commit for each, with all
// the bodies that it changes. On failure: a BallastError to whoever spoke, and nothing is written; but
// where the term ended under a commit nobody knows, and the error says so.

import type { ControllerParts } from '../controller-parts.ts';
import { encodeUpstream, HOLDS } from '../edges/document.ts';
import { encodeHolds } from '../edges/holds-body.ts';
import type { Leadership, Over } from '../edges/leadership.ts';
import type { Published } from '../edges/published.ts';
import type { Put } from '../edges/store.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Dirty, Stamp } from '../model.ts';
import type { HistoryLine } from '../edges/history-store.ts';
import type { Causes } from '../plan/history-entry.ts';
import type { RoundResult } from '../round.ts';
import type { Rounds } from '../rounds.ts';
import type { Cause } from '../weights/cause.ts';
import type { Decision, Preview, Word } from './word.ts';

export interface Words {
  /** Resolves with the stamp of the commit. */
  say(word: Word): Promise<Stamp>;
  preview(word: Word): Preview;
  isWaiting(): boolean;
  /** One word, by the leader between rounds. */
  take(lead: Leadership): Promise<Over | undefined>;
  /** Nobody leads here any more. */
  drop(): void;
}

export interface WordParts extends Pick<ControllerParts, 'wall' | 'clock' | 'reporter'> {
  readonly rounds: Rounds;
  readonly published: () => Published | undefined;
  /** A word waits. */
  readonly wake: () => void;
  /** It is committed: these are looked at anew. */
  readonly done: (apps: Dirty) => void;
}

interface Waiting {
  readonly word: Word;
  readonly said: PromiseWithResolvers<Stamp>;
}

/** What is committed in between is met by computing anew; so often only where something is wrong. */
const TRIES = 5;

export function createWords(parts: WordParts): Words {
  const waiting: Waiting[] = [];

  const standing = (): Published => {
    const published = parts.published();
    if (!published) throw new BallastError('not-leader', 'nothing is known from Redis yet');
    const why = published.unreadable.get(HOLDS);
    if (why !== undefined) throw new BallastError('holds-unreadable', why);
    return published;
  };
  const compute = (word: Word): { decision: Decision; result: RoundResult } => {
    const decision = word.decide(standing(), parts.wall().getTime());
    const { apps, holds, suppose, deletes } = decision;
    const result = parts.rounds.suppose({
      apps,
      ...(holds && { holds: holds.holds }),
      published: (app, found) => (app === deletes ? undefined : (suppose?.(app, found) ?? found)),
    });
    refuse(decision, result);
    return { decision, result };
  };

  /** What moved by itself meanwhile is in the same commit, and stands behind the word. */
  const linesOf = (
    { actor, text, kind = 'hold' }: Word,
    { deletes }: Decision,
    result: RoundResult,
  ): { readonly causes: Causes; readonly history: readonly HistoryLine[] } => {
    const word = { kind, text };
    const others = [...parts.rounds.causes(result)];
    const causes = new Map(others.map(([app, list]) => [app, [word, ...movesOf(list)]]));
    const { lines } = parts.rounds;
    const deleted = deletes === undefined ? [] : lines.writeDeleted(deletes, [word], actor);
    return { causes, history: [...lines.write(result, causes, actor), ...deleted] };
  };

  /** One try. `again`: somebody else's commit came between. */
  const write = async (lead: Leadership, word: Word): Promise<Stamp | 'again' | Over> => {
    const began = parts.clock.now();
    const { decision, result } = compute(word);
    const times = { began, looked: parts.clock.now() };
    const before = lead.published.held.holds;
    const puts = putsOf(decision, result, parts.published());
    const { actor, text } = word;
    const { causes, history } = linesOf(word, decision, result);
    const audit = JSON.stringify({ actor, text, changed: history.length });
    const reply = await lead.commit(puts, history, audit);
    if (reply === 'again' || 'over' in reply) return reply;
    parts.rounds.committed(result);
    if (decision.deletes !== undefined) parts.rounds.forget(decision.deletes);
    const stamp = { term: lead.published.mark.term, version: reply.version };
    parts.reporter.committed({ stamp, changes: result.pass, causes, actor, times });
    parts.reporter.said({ stamp, actor, text, before, after: decision.holds?.holds ?? before });
    parts.done(decision.apps);
    return stamp;
  };

  const obey = async (lead: Leadership, { word, said }: Waiting): Promise<Over | undefined> => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const answer = await write(lead, word);
      if (answer === 'again') continue;
      if ('over' in answer) {
        said.reject(new BallastError('lost-term', `${answer.over}; nothing was written`));
        return answer;
      }
      said.resolve(answer);
      return undefined;
    }
    throw new BallastError('lost-term', 'others commit all the time; nothing was written');
  };

  return {
    async say(word) {
      const said = Promise.withResolvers<Stamp>();
      waiting.push({ word, said });
      parts.wake();
      return said.promise;
    },
    preview(word) {
      const { result } = compute(word);
      return { changes: result.pass, refused: result.refused };
    },
    isWaiting: () => waiting.length > 0,
    async take(lead) {
      const next = waiting.shift();
      if (!next) return undefined;
      try {
        return await obey(lead, next);
      } catch (error) {
        // A refusal is the speaker's; no answer from Redis ends the term (R2).
        const isRefusal = error instanceof BallastError && error.code !== 'redis-unavailable';
        next.said.reject(isRefusal ? error : unknownOutcome(error));
        if (isRefusal) return undefined;
        throw error;
      }
    },
    drop() {
      for (const { said } of waiting.splice(0)) {
        said.reject(new BallastError('lost-term', 'its term ended; nothing was written'));
      }
    },
  };
}

/** A word is no first look, and what it says of holds it says itself. */
function movesOf(causes: readonly Cause[]): Cause[] {
  return causes.filter(({ kind }) => !['first-look', 'hold', 'job'].includes(kind));
}

function unknownOutcome(cause: unknown): BallastError {
  const text = `${(cause as Error).message}; whether it was written is not known: look again once Redis answers`;
  return new BallastError('redis-unavailable', text, { cause });
}

/** What the guard refuses for this word's sake, it refuses whole. */
function refuse({ binds }: Decision, { refused }: RoundResult): void {
  const [first, ...others] = refused.filter(({ app }) => binds?.(app));
  if (!first) return;
  const more = others.length === 0 ? '' : ` So would ${others.length} more apps.`;
  throw new BallastError(first.reason.code, `${first.reason.text}${more}`);
}

function putsOf(
  { holds, adopts, deletes }: Decision,
  { pass }: RoundResult,
  published: Published | undefined,
): Put[] {
  const owner = (app: AppName): Put['owner'] => (app === adopts ? 'adopted' : 'controller');
  const puts: Put[] = pass.map(({ app, body }) => ({ app, body, owner: owner(app) }));
  const adopted = adopts === undefined ? undefined : published?.app(adopts)?.upstream;
  if (adopted && !pass.some(({ app }) => app === adopts)) {
    puts.push({ app: adopted.app, body: encodeUpstream(adopted), owner: 'adopted' });
  }
  if (holds) puts.push({ app: HOLDS, body: encodeHolds(holds), owner: 'controller' });
  // Last: who takes over its hosts stands ready by then.
  if (deletes !== undefined) puts.push({ app: deletes, owner: 'adopted' });
  return puts;
}

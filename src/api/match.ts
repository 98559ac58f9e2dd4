// Writes on condition: If-Match names what the writer has seen.
//
// Comes in: a word, and the tag of what stands when its turn comes. Goes out: the same word, which refuses
// when something else stands by then (412 `changed-meanwhile`); without the header it is made as it is. The
// look is part of the decision, so nothing can come between the two.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Published } from '../edges/published.ts';
import { BallastError } from '../errors.ts';
import type { AppName, Stamp } from '../model.ts';
import type { Word } from '../words/word.ts';
import { namesTagExactly } from './tags.ts';

export const MATCH_HEADER = 'if-match';

export type TagOf = (published: Published | undefined) => string;

/** Of everything that is held: a hold has none of its own. */
export const holdsTag: TagOf = (published) => tagOf(published?.holds);

export function appTag(app: AppName): TagOf {
  return (published) => tagOf(published?.app(app)?.stamp);
}

export function matching({ headers }: FastifyRequest, word: Word, tag: TagOf): Word {
  const wanted = headers[MATCH_HEADER];
  if (wanted === undefined) return word;
  return {
    actor: word.actor,
    text: word.text,
    decide(published, now) {
      const found = tag(published);
      if (namesTagExactly(wanted, found)) return word.decide(published, now);
      throw new BallastError('changed-meanwhile', `what stands has the ETag ${found}`);
    },
  };
}

/** For a later If-Match. */
export function tell(reply: FastifyReply, tag: string): void {
  void reply.header('etag', tag).header('cache-control', 'no-cache');
}

function tagOf(stamp: Stamp | undefined): string {
  return `"${stamp?.term ?? 0}-${stamp?.version ?? 0}"`;
}

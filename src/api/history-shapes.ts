// What history and audit answer, as schemas (shapes.ts).

import { Type, type Static } from 'typebox';
import { CAUSE_KINDS } from '../weights/cause.ts';
import { answers, component, items, stamp, Whole } from './shapes.ts';

const Text = Type.String();
const may = Type.Optional;
const At = Type.String({ format: 'date-time' });

const part = Type.Object({
  weight: Type.Integer({ minimum: 0, description: 'of its servers together' }),
  share: Type.Number({ minimum: 0, maximum: 1, description: 'a fraction' }),
  servers: Whole,
  sum: may(Type.String({ description: 'how the weight of each server came about' })),
});
const Change = component('Change', {
  id: Text,
  ...stamp,
  at: At,
  app: Text,
  actor: Text,
  causes: Type.Array(Type.Object({ kind: Type.Enum([...CAUSE_KINDS]), text: Text })),
  previous: may(Type.Integer({ description: 'version of the document before' })),
  clusters: Type.Array(Type.Object({ name: Text, before: may(part), after: may(part) })),
  servers: Type.Array(
    Type.Object({ address: Text, from: Text, before: may(Whole), after: may(Whole) }),
  ),
  edges: Type.Array(
    Type.Object({
      name: Text,
      acknowledged: Type.Boolean(),
      afterMs: may(
        Type.Integer({ minimum: 0, description: 'from the commit, as far as it is known' }),
      ),
    }),
  ),
});
const Word = component('Word', {
  id: Text,
  at: At,
  term: may(Whole),
  version: may(Whole),
  actor: Text,
  text: Text,
  changed: may(Type.Integer({ minimum: 0, description: 'apps' })),
  refused: may(Type.Object({ code: Text, detail: Text })),
  requestId: may(Type.String({ description: 'of a refused write' })),
  uncounted: may(Type.Integer({ description: 'refused writes before it that are not written' })),
});

const more = { continue: may(Type.String({ description: 'of the next page' })) };
export type ChangeAnswer = Static<typeof Change>;
export type WordAnswer = Static<typeof Word>;

export const HISTORY_ANSWERS = answers(items(Change, more));
export const AUDIT_ANSWERS = answers(items(Word, more));

// The keys under `migration.hooks[]`, and the faults that no single one of them shows.

import { Type, type Static } from 'typebox';
import { callFault } from '../../edges/place-url.ts';

/**
 *     before       may this app be moved now
 *     confirm      may its weights begin to move
 *     gate         is it well with so much gone over
 *     no-callers   nobody asks the source any more but by the edges
 *     metadata     take on record where the app is now; read back
 *     rollback     the app is back where it was
 */
export const HOOK_NAMES = [
  'before',
  'confirm',
  'gate',
  'no-callers',
  'metadata',
  'rollback',
] as const;
export type HookName = (typeof HOOK_NAMES)[number];

const closed = { additionalProperties: false } as const;

export const HookSettings = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'unique' }),
    on: Type.Array(Type.Enum([...HOOK_NAMES]), {
      minItems: 1,
      uniqueItems: true,
      description: 'what it is asked',
    }),
    url: Type.String({
      pattern: '^https?://[^?#]+$',
      description: 'every question is a POST to it',
    }),
    secret: Type.Object(
      {
        file: Type.String({ minLength: 1, description: 'at least 16 characters; read each time' }),
      },
      closed,
    ),
    ca: Type.Optional(Type.String({ minLength: 1, description: 'PEM file of authorities' })),
    timeoutSeconds: Type.Optional(
      Type.Number({ minimum: 0.1, maximum: 300, default: 10, description: 'for one answer' }),
    ),
    retries: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 10, default: 3, description: 'where none came' }),
    ),
  },
  closed,
);

export type HookSettings = Static<typeof HookSettings>;

export function hookFaults(hooks: readonly HookSettings[]): {
  readonly path: readonly (string | number)[];
  readonly text: string;
}[] {
  return hooks.flatMap(({ url }, index) => {
    const text = callFault(url);
    return text === undefined ? [] : [{ path: ['hooks', index, 'url'], text }];
  });
}

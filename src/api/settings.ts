// The keys under `api:`.

import { Type, type Static } from 'typebox';

export const ApiSettings = Type.Object(
  {
    listen: Type.Optional(
      Type.String({
        pattern: '^(.+):[0-9]{1,5}$',
        default: '127.0.0.1:8080',
        description: 'ADDRESS:PORT',
      }),
    ),
  },
  { additionalProperties: false, default: {} },
);

export type ApiSettings = Static<typeof ApiSettings>;

// Who the caller is, for those who show only what that caller may do.
//
// Comes in: a caller whom access/ knows. Goes out: its name and grants, and which environment this is. On
// failure: as every route: 401 without a good token, 403 for one that may not even look.

import type { FastifyInstance } from 'fastify';
import { CallerRef } from './caller-shape.ts';
import { answers } from './shapes.ts';

export function addCallerRoute(
  api: FastifyInstance,
  { environment }: { readonly environment: string },
): void {
  api.get(
    '/api/v1/caller',
    {
      config: { needs: 'viewer' },
      schema: { summary: 'Who calls, and what that caller may do', response: answers(CallerRef) },
    },
    async ({ caller: { name, grants } }) => ({ name, environment, grants }),
  );
}

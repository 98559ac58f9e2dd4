// Before every route: who calls, and whether the route is for such a caller.
//
// Comes in: a request whose route is known and whose body is not read yet. Goes out: `request.caller`. On
// failure: a problem; and a route that does not say whom it is for ends the start.

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BallastError } from '../../errors.ts';
import type { Access } from './access.ts';
import {
  grantsFor,
  isOwnEdge,
  sees,
  seesAll,
  seesCluster,
  type Caller,
  type Needs,
  type Role,
} from './caller.ts';
import type { Opened } from './sealed-caller.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The least role that a route is for. */
    readonly needs?: Needs;
    /** It tells of all apps at once: not for who sees only some. */
    readonly whole?: boolean;
  }
  interface FastifyRequest {
    caller: Caller;
    /** Of a forwarded call. */
    isBody: Opened['isBody'] | null;
  }
}

/** Call it before the routes are added. */
export function guardRoutes(api: FastifyInstance, access: Access): void {
  api.decorateRequest('caller');
  api.decorateRequest('isBody', null);
  api.addHook('onRoute', ({ url, method, config }) => {
    if (config?.needs === undefined) throw new Error(`${String(method)} ${url} names no role`);
  });
  api.addHook('onRequest', async (request) => {
    const { needs } = request.routeOptions.config;
    if (request.is404 || needs === 'nothing') return;
    const { caller, isBody } = await access.admit(request);
    request.caller = caller;
    request.isBody = isBody ?? null;
    check(request, caller);
  });
  api.addHook('preValidation', async ({ isBody, body }) => {
    if (!isBody || isBody(body === undefined ? undefined : JSON.stringify(body))) return;
    throw new BallastError('token-unknown', 'forwarded with another body than was sealed');
  });
}

function check(request: FastifyRequest, caller: Caller): void {
  const { needs = 'admin', whole } = request.routeOptions.config;
  if (needs === 'nothing') return;
  if (grantsFor(caller, needs).length === 0) throw roleMissing(caller, needs);
  if (whole && !seesAll(caller)) throw outOfScope(caller, 'see what tells of all apps');
  checkNamed(request, caller, needs);
}

function roleMissing(caller: Caller, needs: Role): BallastError {
  const roles = new Set(caller.grants.flatMap((grant) => grant.roles));
  const has = roles.size === 0 ? 'no role' : [...roles].join(', ');
  return new BallastError('role-missing', `${caller.name} has ${has}; it takes ${needs}`);
}

/** What the path names has to be of the scope; of writes, holds.ts looks at the body too. */
function checkNamed({ params }: FastifyRequest, caller: Caller, needs: Role): void {
  const { app, cluster, name } = (params ?? {}) as Readonly<Record<string, string | undefined>>;
  if (needs !== 'edge') return checkSeen(caller, { app, cluster });
  if (name !== undefined && !isOwnEdge(caller, name)) {
    throw outOfScope(caller, `speak for edge ${name}`);
  }
}

/** What a caller does not see is not there for it, whatever it would do with it. */
export function checkSeen(
  caller: Caller,
  { app, cluster }: { readonly app?: string | undefined; readonly cluster?: string | undefined },
): void {
  if (app !== undefined && !sees(caller, app)) {
    throw new BallastError('app-unknown', `no app ${app}`);
  }
  if (cluster !== undefined && !seesCluster(caller, cluster)) {
    throw new BallastError('cluster-unknown', `no cluster ${cluster}`);
  }
}

/** Of what the caller sees, and may not do this with. */
export function outOfScope(caller: Caller, what: string): BallastError {
  return new BallastError('out-of-scope', `${caller.name} is not let to ${what}`);
}

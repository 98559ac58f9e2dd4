// What no route takes: 405 with an Allow header where another method would do, else 404.
//
// Comes in: any request that met no route, with whatever body. Goes out: a problem body. Nothing of
// the request's body is read for it: a wrong body must not hide the wrong method.

import type { FastifyInstance } from 'fastify';
import { placeOf, problem } from './problem.ts';

/** Call it before the routes are added: it takes note of them. */
export function refuseUnrouted(api: FastifyInstance): void {
  const routes = new Map<string, Set<string>>();
  api.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    routes.set(url, methods);
  });
  api.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return undefined;
    const [path = ''] = request.url.split('?');
    const methods = [...routes].find(([url]) => leadsTo(url, path))?.[1];
    if (!methods) return problem(reply, 'not-found', `${placeOf(request)} is no route`);
    const allow = [...methods].toSorted().join(', ');
    return problem(reply.header('allow', allow), 'method-not-allowed', `${request.method} ${path}`);
  });
}

function leadsTo(route: string, path: string): boolean {
  const parts = path.split('/');
  const wanted = route.split('/');
  if (parts.length !== wanted.length) return false;
  return wanted.every((part, at) => (part.startsWith(':') ? parts[at] !== '' : part === parts[at]));
}

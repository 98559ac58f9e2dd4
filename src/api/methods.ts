// A method that a known route does not take is 405 with an Allow header, not 404.

import type { FastifyInstance } from 'fastify';
import { problem } from './problem.ts';

export type Routes = ReadonlyMap<string, ReadonlySet<string>>;

const WRITES = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Call it before the routes are added: it takes note of them. */
export function noteRoutes(api: FastifyInstance): Routes {
  const routes = new Map<string, Set<string>>();
  api.addHook('onRoute', ({ url, method }) => {
    const methods = routes.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    routes.set(url, methods);
  });
  return routes;
}

/** Call it after the routes are added. */
export function refuseMethods(api: FastifyInstance, routes: Routes): void {
  for (const [url, methods] of routes) {
    const allow = [...methods].toSorted().join(', ');
    const reads = methods.has('GET') ? [] : (['GET'] as const);
    const refused = [...reads, ...WRITES].filter((method) => !methods.has(method));
    api.route({
      method: refused,
      url,
      handler: async (request, reply) =>
        problem(reply.header('allow', allow), 'method-not-allowed', `${request.method} ${url}`),
    });
  }
}

// The API's door as the configuration has it: where it listens, with which certificate, for whom.
//
// Comes in: a checked configuration. Goes out: what the API is built with, then its URL, and the work that
// keeps files up to date. On failure: a ConfigError with the place of the key, before anything listens.

import type { FastifyInstance } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { openReviewer, type Reviewer } from '../clusters/token-review.ts';
import type { ClusterWorld } from '../clusters/world.ts';
import { ConfigError, type LoadedConfig } from '../config.ts';
import { AccessError, openAccess, readOf, type OpenAccess } from './access/open-access.ts';
import { followCertificate, readCertificate, type Certificate } from './certificate.ts';

export interface Door {
  readonly access: OpenAccess;
  readonly basePath: string;
  readonly certificate?: Certificate;
  readonly toLeader?: Dispatcher;
  /** Where others reach this controller, once its URL is known. */
  address(url: string): string;
  listen(api: FastifyInstance): Promise<string>;
  follow(api: FastifyInstance, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export async function openDoor(loaded: LoadedConfig, world: ClusterWorld): Promise<Door> {
  const { api } = loaded.config;
  const { clock, log } = world;
  const { tls } = api;
  const certificate = tls && (await placed(loaded, ['tls'], readCertificate(tls)));
  const { reviewer, access, toLeader } = await openParts(loaded, world);
  return {
    access,
    basePath: api.basePath ?? '',
    ...(certificate && { certificate }),
    ...(toLeader && { toLeader }),
    address: (url) => api.address ?? url,
    listen: (server) => listen(server, loaded),
    async follow(server, signal) {
      const tell = (trouble: string | undefined): void => {
        if (trouble === undefined) log.info('the API has another certificate');
        else log.warn({ trouble }, 'the certificate cannot be used; the last one is served');
      };
      const taker = server.server as unknown as Parameters<typeof followCertificate>[1];
      await Promise.all([
        access.follow(signal),
        tls && followCertificate(tls, taker, { clock, signal, tell }),
      ]);
    },
    async close() {
      await Promise.all([reviewer?.close(), toLeader?.close()]);
    },
  };
}

interface Parts {
  readonly access: OpenAccess;
  readonly reviewer: Reviewer | undefined;
  readonly toLeader: Agent | undefined;
}

async function openParts(loaded: LoadedConfig, world: ClusterWorld): Promise<Parts> {
  const { api } = loaded.config;
  const home = api.tokenReview;
  const reviewer = home && (await placed(loaded, ['tokenReview'], openReviewer(home, world)));
  const { ca: file, serverName } = api.forward ?? {};
  const path = ['forward', 'ca'];
  const ca = file === undefined ? undefined : await placed(loaded, path, readOf(file, path));
  const access = await placed(
    loaded,
    [],
    openAccess(api, { ...world, ...(reviewer && { review: reviewer.review }) }),
  );
  return {
    access,
    reviewer,
    toLeader: agentOf({ ca, servername: serverName }),
  };
}

function agentOf(
  how: Readonly<Record<'ca' | 'servername', string | undefined>>,
): Agent | undefined {
  const given = Object.entries(how).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  return new Agent({ connect: Object.fromEntries(given) as Record<string, string> });
}

async function placed<Opened>(
  loaded: LoadedConfig,
  path: readonly string[],
  opening: Promise<Opened>,
): Promise<Opened> {
  return opening.catch((cause: Error) => {
    const at = cause instanceof AccessError ? cause.path : path;
    const lines = cause.message.split('\n');
    throw new ConfigError(
      lines.map((line) => `${loaded.where(['api', ...at])}: ${line}`),
      { cause },
    );
  });
}

async function listen(api: FastifyInstance, loaded: LoadedConfig): Promise<string> {
  const text = loaded.config.api.listen ?? '127.0.0.1:8080';
  const cut = text.lastIndexOf(':');
  const host = text.slice(0, cut).replace(/^\[|\]$/g, '');
  try {
    return await api.listen({ host, port: Number(text.slice(cut + 1)) });
  } catch (cause) {
    const line = `${loaded.where(['api', 'listen'])}: cannot listen: ${(cause as Error).message}`;
    throw new ConfigError([line], { cause });
  }
}

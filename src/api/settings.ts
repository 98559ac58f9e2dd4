// The keys under `api:`, and the faults that no single one of them shows.

import { Type, type Static } from 'typebox';
import { splitAddress } from '../address.ts';
import { callFault } from '../edges/place-url.ts';

const closed = { additionalProperties: false } as const;
const file = (description: string) => Type.String({ minLength: 1, description });

export const ApiSettings = Type.Object(
  {
    listen: Type.Optional(
      Type.String({
        pattern: '^(.+):[0-9]{1,5}$',
        default: '127.0.0.1:8080',
        description: 'ADDRESS:PORT',
      }),
    ),
    address: Type.Optional(
      Type.String({
        pattern: '^https?://[^?#]+$',
        description: 'URL at which other controllers reach this one',
      }),
    ),
    basePath: Type.Optional(
      Type.String({
        pattern: '^(/[A-Za-z0-9._~-]+)*$',
        default: '',
        description: 'a proxy serves it below this path: /ballast',
      }),
    ),
    loopback: Type.Optional(
      Type.Enum(['none', 'viewer', 'operator', 'migrator', 'admin'], {
        default: 'none',
        description: 'role of who calls from this machine without a token',
      }),
    ),
    tokens: Type.Optional(file('access file: hashes of tokens, and grants')),
    tokenReview: Type.Optional(
      Type.Object(
        {
          kubeconfig: Type.Optional(
            Type.Object(
              { path: file('kubeconfig'), context: Type.Optional(Type.String({ minLength: 1 })) },
              closed,
            ),
          ),
          inCluster: Type.Optional(Type.Boolean({ description: 'the pod’s own service account' })),
          audiences: Type.Array(Type.String({ minLength: 1 }), {
            minItems: 1,
            description: 'a token has to be made for one of them',
          }),
        },
        closed,
      ),
    ),
    oidc: Type.Optional(
      Type.Object(
        {
          issuer: Type.String({ pattern: '^https?://[^?#]+$', description: 'https://…' }),
          audience: Type.String({ minLength: 1 }),
          userClaim: Type.Optional(Type.String({ minLength: 1, default: 'sub' })),
          groupsClaim: Type.Optional(Type.String({ minLength: 1, default: 'groups' })),
          ca: Type.Optional(file('PEM file of authorities')),
        },
        closed,
      ),
    ),
    tls: Type.Optional(Type.Object({ cert: file('PEM file'), key: file('PEM file') }, closed)),
    plaintext: Type.Optional(
      Type.Boolean({ description: 'no TLS although others can listen in: a proxy or mesh has it' }),
    ),
    forward: Type.Optional(
      Type.Object(
        {
          key: Type.Object({ file: file('the same for all controllers') }, closed),
          ca: Type.Optional(file('PEM file of authorities')),
          serverName: Type.Optional(
            Type.String({
              minLength: 1,
              description: 'name in the controllers’ certificates, where api.address is none of it',
            }),
          ),
        },
        closed,
      ),
    ),
  },
  { ...closed, default: {} },
);

export type ApiSettings = Static<typeof ApiSettings>;

export interface ApiFault {
  /** Below `api`; empty: the section itself. */
  readonly path: readonly string[];
  readonly text: string;
}

export function apiFaults(api: ApiSettings): ApiFault[] {
  return [...listenFaults(api), ...reviewFaults(api), ...addressFaults(api), ...oidcFaults(api)];
}

/** Whether others than this machine can connect; undefined: no address at all. */
function reach(listen: string): 'loopback' | 'everywhere' | 'address' | undefined {
  const split = splitAddress(listen.replace(/:0$/, ':1').replace(/^localhost:/, '127.0.0.1:'));
  if (!split) return undefined;
  if (split.ip.startsWith('127.') || split.ip === '::1') return 'loopback';
  return split.ip === '0.0.0.0' || split.ip === '::' ? 'everywhere' : 'address';
}

function listenFaults(api: ApiSettings): ApiFault[] {
  const at = reach(api.listen ?? '127.0.0.1:8080');
  if (at === undefined) return [{ path: ['listen'], text: 'has a wrong form (ADDRESS:PORT)' }];
  if (at === 'loopback') return [];
  const faults: ApiFault[] = [];
  if (api.tokens === undefined) {
    faults.push({ path: ['tokens'], text: 'is missing: others can reach api.listen' });
  }
  if (!api.tls && !api.plaintext) {
    const text = 'is missing: tokens would be readable on the way (or plaintext: true)';
    faults.push({ path: ['tls'], text });
  }
  if (at === 'everywhere' && api.address === undefined) {
    const text = 'is missing: api.listen names no address that other controllers could call';
    faults.push({ path: ['address'], text });
  }
  return faults;
}

function reviewFaults({ tokens, tokenReview, oidc }: ApiSettings): ApiFault[] {
  const faults: ApiFault[] = [];
  if ((tokenReview ?? oidc) && tokens === undefined) {
    faults.push({ path: ['tokens'], text: 'is missing: it says who may do what (grants)' });
  }
  if (tokenReview && (tokenReview.kubeconfig !== undefined) === (tokenReview.inCluster === true)) {
    const text = 'needs either kubeconfig or inCluster: true';
    faults.push({ path: ['tokenReview'], text });
  }
  return faults;
}

function addressFaults({ address }: ApiSettings): ApiFault[] {
  const text = address === undefined ? undefined : callFault(address);
  return text === undefined ? [] : [{ path: ['address'], text }];
}

function oidcFaults({ oidc }: ApiSettings): ApiFault[] {
  if (!oidc || /^https:|^http:\/\/(127\.|localhost[:/]|\[::1\])/.test(oidc.issuer)) return [];
  return [{ path: ['oidc', 'issuer'], text: 'must be https: its keys are what is trusted' }];
}

// The keys under `apps:` and `vms:`.

import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;

export const APP_NAME = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';
const HOST =
  '^(\\*\\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$';

export const PolicySettings = Type.Object(
  {
    balance: Type.Optional(Type.Enum(['smooth'], { default: 'smooth' })),
    whenUnhealthy: Type.Optional(Type.Enum(['spread', 'reject'], { default: 'spread' })),
  },
  closed,
);

export const VmSettings = Type.Object(
  { address: Type.String({ format: 'ballast-address', description: 'IPv4:port or [IPv6]:port' }) },
  closed,
);

const NamespacedName = Type.Object(
  { name: Type.String({ minLength: 1 }), namespace: Type.String({ minLength: 1 }) },
  closed,
);

export const AppSettings = Type.Object(
  {
    name: Type.String({ pattern: APP_NAME, description: 'a label value' }),
    service: Type.Optional(Type.String({ minLength: 1, description: 'default: the name' })),
    namespace: Type.Optional(Type.String({ minLength: 1, description: 'of the service' })),
    services: Type.Optional(
      Type.Array(NamespacedName, { description: 'several Services add up; instead of service' }),
    ),
    hosts: Type.Optional(Type.Array(Type.String({ pattern: HOST }), { uniqueItems: true })),
    vms: Type.Optional(Type.Array(VmSettings)),
    policy: Type.Optional(PolicySettings),
  },
  closed,
);

export const AppsSettings = Type.Object(
  {
    discover: Type.Optional(
      Type.Object(
        {
          services: Type.String({
            minLength: 1,
            description: 'label key of Services whose value is the app’s name',
          }),
          hosts: Type.Optional(
            Type.Enum(['ingress', 'off'], {
              default: 'ingress',
              description: 'where the hosts of a discovered app come from',
            }),
          ),
        },
        closed,
      ),
    ),
    policy: Type.Optional(PolicySettings),
    list: Type.Optional(Type.Array(AppSettings, { default: [] })),
  },
  { ...closed, default: {} },
);

export const VmsSettings = Type.Object(
  {
    file: Type.Optional(
      Type.String({ minLength: 1, description: 'YAML: app name to a list of addresses; re-read' }),
    ),
  },
  { ...closed, default: {} },
);

export type AppSettings = Static<typeof AppSettings>;
export type AppsSettings = Static<typeof AppsSettings>;
export type VmsSettings = Static<typeof VmsSettings>;

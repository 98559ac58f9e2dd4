// The keys under `apps:` and `vms:`.

import { Type, type Static } from 'typebox';
import { HOST } from '../host-name.ts';
import { LIMITS, PATH, PROBE_HOST, VARIABLE } from '../edges/policy.ts';
import { OwnMinimumSettings } from '../plan/settings.ts';

const closed = { additionalProperties: false } as const;

export const APP_NAME = '^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$';

const whole = ([minimum, maximum]: readonly [number, number], description?: string) =>
  Type.Integer({ minimum, maximum, ...(description !== undefined && { description }) });

const HealthSettings = Type.Object(
  {
    path: Type.Optional(Type.String({ pattern: PATH })),
    host: Type.Optional(
      Type.String({ pattern: PROBE_HOST, description: 'Host header; default: the address' }),
    ),
    https: Type.Optional(Type.Boolean()),
    intervalSeconds: Type.Optional(whole(LIMITS.seconds)),
    timeoutSeconds: Type.Optional(whole(LIMITS.timeoutSeconds)),
    rise: Type.Optional(whole(LIMITS.times)),
    fall: Type.Optional(whole(LIMITS.times)),
  },
  closed,
);

/** No defaults here: what an app's own policy leaves out comes from `apps.policy` (policy.ts). */
export const PolicySettings = Type.Object(
  {
    balance: Type.Optional(Type.Enum(['smooth', 'hash', 'least'])),
    key: Type.Optional(
      Type.String({ pattern: VARIABLE, description: 'with hash: an nginx variable, without $' }),
    ),
    whenUnhealthy: Type.Optional(Type.Enum(['spread', 'reject'])),
    panic: Type.Optional(whole(LIMITS.panic, 'percent; absent: off')),
    health: Type.Optional(HealthSettings),
    slowStart: Type.Optional(
      Type.Object({ seconds: whole(LIMITS.seconds) }, { ...closed, description: 'absent: off' }),
    ),
  },
  closed,
);

export const VmSettings = Type.Object(
  { address: Type.String({ format: 'ballast-address', description: 'IPv4:port or [IPv6]:port' }) },
  closed,
);

/** Of a Nacos registry; `@@` parts the group from the name. */
const SERVICE = '^[^@\\s]+(@@[^@\\s]+)?$';

const NamespacedName = Type.Object(
  { name: Type.String({ minLength: 1 }), namespace: Type.String({ minLength: 1 }) },
  closed,
);

const SelectedPods = Type.Object(
  {
    namespace: Type.String({ minLength: 1 }),
    selector: Type.String({ minLength: 1, description: 'label selector of the pods' }),
  },
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
    pods: Type.Optional(
      Type.Array(SelectedPods, {
        minItems: 1,
        description: 'for an app without Service: its pods by label; instead of service',
      }),
    ),
    hosts: Type.Optional(
      Type.Array(
        Type.String({ pattern: HOST, description: 'a DNS name in lower case; 253 characters' }),
        { uniqueItems: true },
      ),
    ),
    vms: Type.Optional(Type.Array(VmSettings)),
    core: Type.Optional(
      Type.Boolean({ description: 'of a migration: placed first, never deferred' }),
    ),
    importance: Type.Optional(
      Type.Integer({
        minimum: -1000,
        maximum: 1000,
        description: 'the higher, the earlier placed',
      }),
    ),
    floor: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'so many pods stay where room is short, and serve while a fan-out runs',
      }),
    ),
    nacos: Type.Optional(
      Type.String({ pattern: SERVICE, description: 'service in Nacos: NAME or GROUP@@NAME' }),
    ),
    policy: Type.Optional(PolicySettings),
    minimum: Type.Optional(OwnMinimumSettings),
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

const NacosSettings = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      description: 'http(s)://HOST:PORT, with a path where it is not /nacos',
    }),
    namespace: Type.Optional(Type.String({ minLength: 1, description: 'its id; default: public' })),
    group: Type.Optional(Type.String({ minLength: 1, default: 'DEFAULT_GROUP' })),
    service: Type.Optional(
      Type.String({
        pattern: '^(?=.*\\{app\\})[^@\\s]+(@@[^@\\s]+)?$',
        description: 'service of every app without `nacos` of its own, with {app} in it',
      }),
    ),
    clusterNames: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'of instances that count; absent: all',
      }),
    ),
    metadata: Type.Optional(
      Type.String({ minLength: 1, description: 'label selector over the metadata of instances' }),
    ),
    username: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.Optional(Type.Object({ file: Type.String({ minLength: 1 }) }, closed)),
    intervalSeconds: Type.Optional(whole([1, 300], 'between two looks; default: 5')),
  },
  closed,
);

export const VmsSettings = Type.Object(
  {
    file: Type.Optional(
      Type.String({ minLength: 1, description: 'YAML: app name to a list of addresses; re-read' }),
    ),
    nacos: Type.Optional(NacosSettings),
  },
  { ...closed, default: {} },
);

export type NacosSettings = Static<typeof NacosSettings>;
export type AppSettings = Static<typeof AppSettings>;
export type AppsSettings = Static<typeof AppsSettings>;
export type VmsSettings = Static<typeof VmsSettings>;
export type PolicySettings = Static<typeof PolicySettings>;

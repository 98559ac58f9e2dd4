// The keys under `migration:`, and the faults that no single one of them shows.

import { Type, type Static } from 'typebox';
import { CLUSTER_NAME } from '../clusters/settings.ts';
import { callFault } from '../edges/place-url.ts';
import { hookFaults, HookSettings } from './hooks/settings.ts';
import { GatesSettings, LimitsSettings } from './run/settings.ts';

const closed = { additionalProperties: false } as const;
const text = (description: string) => Type.String({ minLength: 1, description });
const file = (description: string) => Type.Object({ file: text(description) }, closed);
const texts = (description: string) =>
  Type.Optional(Type.Record(Type.String(), Type.String({ minLength: 1 }), { description }));

const S3Settings = Type.Object(
  {
    bucket: text('its name'),
    prefix: Type.Optional(
      Type.String({
        pattern: '^[^/].*[^/]$|^[^/]?$',
        default: '',
        description: 'as in Velero’s location, without slashes at its ends',
      }),
    ),
    region: Type.Optional(Type.String({ minLength: 1, default: 'us-east-1' })),
    url: Type.Optional(
      Type.String({ pattern: '^https?://[^/?#]+/?$', description: 'of another S3 than AWS’s' }),
    ),
    pathStyle: Type.Optional(
      Type.Boolean({ description: 'the bucket in the path; default: where url is given' }),
    ),
    ca: Type.Optional(text('PEM file of authorities')),
    credentials: Type.Optional(
      Type.Object(
        {
          file: text('as AWS’s shared credentials; may only list and get'),
          profile: Type.Optional(Type.String({ minLength: 1, default: 'default' })),
        },
        closed,
      ),
    ),
    customerKey: Type.Optional(file('of SSE-C: 32 bytes')),
  },
  closed,
);

export const BackupSettings = Type.Object(
  {
    cluster: Type.String({ pattern: CLUSTER_NAME, description: 'whose backups they are' }),
    s3: Type.Optional(S3Settings),
    folder: Type.Optional(
      Type.Object({ path: text('holds backups/NAME/…: a bucket, copied or mounted') }, closed),
    ),
    schedule: Type.Optional(text('of these alone: the whole value of velero.io/schedule-name')),
    labels: texts('of those alone that have them'),
    maxAgeHours: Type.Optional(
      Type.Number({ minimum: 0.1, default: 26, description: 'older ones are not taken' }),
    ),
    partiallyFailed: Type.Optional(
      Type.Boolean({ default: false, description: 'PartiallyFailed ones too' }),
    ),
    salvage: Type.Optional(
      Type.Boolean({ default: false, description: 'those that a dead cluster left Finalizing' }),
    ),
  },
  closed,
);

export const MigrationSettings = Type.Object(
  {
    headroomPercent: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 90,
        default: 10,
        description: 'of each node stays free',
      }),
    ),
    images: texts('prefix of image names to what stands there instead at a destination'),
    ingressClasses: texts('a source’s name to a destination’s'),
    storageClasses: texts('a source’s name to a destination’s'),
    backups: Type.Optional(Type.Array(BackupSettings, { default: [] })),
    rehearsal: Type.Optional(
      Type.Object(
        {
          everyHours: Type.Optional(
            Type.Number({ minimum: 0, maximum: 720, default: 24, description: '0: never' }),
          ),
        },
        { ...closed, default: {} },
      ),
    ),
    gates: Type.Optional(GatesSettings),
    limits: Type.Optional(LimitsSettings),
    hooks: Type.Optional(Type.Array(HookSettings, { default: [] })),
  },
  { ...closed, default: {} },
);

export type MigrationSettings = Static<typeof MigrationSettings>;
export type BackupSettings = Static<typeof BackupSettings>;

/** Without backups there is nothing to rehearse. */
export function rehearsalHours({ backups = [], rehearsal }: MigrationSettings): number {
  return backups.length === 0 ? 0 : (rehearsal?.everyHours ?? 24);
}

interface MigrationFault {
  /** Below `migration`. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

export function migrationFaults({ backups = [], hooks = [] }: MigrationSettings): MigrationFault[] {
  return [...backupFaults(backups), ...hookFaults(hooks)];
}

function backupFaults(backups: readonly BackupSettings[]): MigrationFault[] {
  return backups.flatMap(({ s3, folder }, index) => {
    const path = ['backups', index];
    if ((s3 === undefined) === (folder === undefined))
      return [{ path, text: 'needs one of s3 and folder' }];
    const fault = s3?.url === undefined ? undefined : callFault(s3.url);
    return fault === undefined ? [] : [{ path: [...path, 's3', 'url'], text: fault }];
  });
}

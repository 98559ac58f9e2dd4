// The whole schema of the configuration, joined from the stages' own.

import { Type, type Static } from 'typebox';
import { ApiSettings } from '../api/settings.ts';
import { ClusterSettings, ClusterSourceSettings } from '../clusters/settings.ts';
import { RedisSettings } from '../edges/redis-settings.ts';
import { AuditSettings, EdgeSettings, HistorySettings, LeaderSettings } from '../edges/settings.ts';
import { AppsSettings, VmsSettings } from '../inventory/settings.ts';
import { MigrationSettings } from '../migration/settings.ts';
import { GuardSettings } from '../plan/settings.ts';
import { TelemetrySettings } from '../telemetry/settings.ts';
import { HoldSettings, WeightSettings } from '../weights/settings.ts';

export const ConfigSchema = Type.Object(
  {
    environment: Type.String({
      pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
      description: 'part of every Redis key',
    }),
    redis: RedisSettings,
    leader: Type.Optional(LeaderSettings),
    weights: Type.Optional(WeightSettings),
    guard: Type.Optional(GuardSettings),
    holds: Type.Optional(HoldSettings),
    history: Type.Optional(HistorySettings),
    audit: Type.Optional(AuditSettings),
    clusters: Type.Optional(Type.Array(ClusterSettings, { default: [] })),
    clusterSources: Type.Optional(Type.Array(ClusterSourceSettings, { default: [] })),
    apps: Type.Optional(AppsSettings),
    vms: Type.Optional(VmsSettings),
    migration: Type.Optional(MigrationSettings),
    edges: Type.Optional(Type.Array(EdgeSettings, { default: [] })),
    api: Type.Optional(ApiSettings),
    telemetry: Type.Optional(TelemetrySettings),
  },
  { additionalProperties: false },
);

/** What the file says; the sections are there once defaults are filled in. */
export type Config = Required<Static<typeof ConfigSchema>>;

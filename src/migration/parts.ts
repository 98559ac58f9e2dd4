// What migrations are made of. Pure types.

import type { AppSources } from '../clusters/cluster.ts';
import type { ClusterWorld } from '../clusters/world.ts';
import type { Controller } from '../controller.ts';
import type { AppName, ClusterName } from '../model.ts';
import type { Booked } from './capacity/ledger.ts';
import type { EdgeWorld } from './plan/model.ts';
import type { AppImportance } from './read/apps.ts';
import type { Order } from './read/links.ts';
import type { MigrationSettings } from './settings.ts';

/** What the configuration says, as it now stands. */
export interface MigrationRules {
  readonly sources: AppSources;
  readonly importance: ReadonlyMap<AppName, AppImportance>;
  readonly migration: MigrationSettings;
  readonly base: number;
}

export interface MigrationParts {
  readonly orders: () => readonly Order[];
  readonly world: ClusterWorld;
  readonly controller: Pick<Controller, 'apps' | 'clusters' | 'facts' | 'published'>;
  readonly rules: () => MigrationRules;
  readonly edges: () => readonly EdgeWorld[];
  /** Room that jobs have booked in a cluster; absent: nobody books. */
  readonly booked?: (destination: ClusterName) => Promise<readonly Booked[]>;
}

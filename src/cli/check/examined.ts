// A cluster that is looked into: the open one, and what the configuration says of it and of apps.

import type { AppSources } from '../../clusters/cluster.ts';
import type { OpenCluster } from '../../clusters/kubernetes.ts';
import type { ClusterSettings } from '../../clusters/settings.ts';

export interface Examined {
  readonly cluster: OpenCluster;
  readonly settings: ClusterSettings;
  readonly sources: AppSources;
}

// Every metric of the controller, by name, help and labels. README's table is held against this
// file by a test.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export type ServerLabel = 'app' | 'from' | 'server';
export type CredentialLabel = 'cluster' | 'use' | 'kind';

export interface Metrics {
  readonly registry: Registry;
  readonly buildInfo: Gauge<'version' | 'node'>;
  readonly leader: Gauge;
  readonly term: Gauge;
  readonly version: Gauge;
  readonly redisUp: Gauge;
  readonly roundSeconds: Histogram;
  readonly recountDifferences: Counter;
  readonly clusterState: Gauge<'cluster' | 'state'>;
  readonly clusterAge: Gauge<'cluster'>;
  readonly clusterIngressNodes: Gauge<'cluster'>;
  readonly clusterRelists: Counter<'cluster'>;
  readonly clusterUnread: Gauge<'cluster'>;
  readonly clusterSourceTrouble: Gauge<'source'>;
  readonly credentialExpiry: Gauge<CredentialLabel>;
  readonly credentialIssued: Gauge<CredentialLabel>;
  readonly appPods: Gauge<'app' | 'cluster'>;
  readonly appUnroutedPods: Gauge<'app' | 'cluster' | 'reason'>;
  readonly serverWeight: Gauge<ServerLabel>;
  readonly shareExact: Gauge<ServerLabel>;
  readonly share: Gauge<ServerLabel>;
  readonly shareMeasured: Gauge<ServerLabel>;
  readonly shareDrift: Gauge<'app'>;
  readonly atMinimum: Gauge<'app'>;
  readonly seriesOmitted: Gauge<'of'>;
  readonly weightChanges: Counter<'cause'>;
  readonly guardRefused: Counter<'code'>;
  readonly guardRefusing: Gauge;
  readonly guardDelayed: Gauge<'code'>;
  readonly secondLooks: Counter<'cluster'>;
  readonly doubtedApps: Gauge<'cluster'>;
  readonly unreadableDocuments: Gauge;
  readonly holds: Gauge<'kind'>;
  readonly holdOldestAge: Gauge<'kind'>;
  readonly holdNextEnd: Gauge<'kind'>;
  readonly holdsForgotten: Gauge;
  readonly holdsUnreadable: Gauge;
  readonly debts: Gauge<'cluster' | 'state'>;
  readonly ramps: Gauge<'state'>;
  readonly vmsTrouble: Gauge<'source'>;
  readonly edgeUp: Gauge<'edge'>;
  readonly edgeVersion: Gauge<'edge'>;
  readonly edgeAcknowledgedAge: Gauge<'edge'>;
  readonly pushSeconds: Histogram<'edge'>;
  readonly propagationSeconds: Histogram;
  readonly rehearsedAge: Gauge;
  readonly rehearsalAwaited: Gauge;
  readonly backupAge: Gauge<'app' | 'cluster'>;
  readonly unrecoverable: Gauge<'cluster'>;
  readonly rehearsalRung: Gauge<'cluster'>;
  readonly jobs: Gauge<'kind' | 'state'>;
  readonly jobUnmoved: Gauge<'kind'>;
  readonly jobSteps: Counter<'kind' | 'result'>;
  readonly jobStepSeconds: Histogram<'kind'>;
  readonly apiRequests: Counter<'route' | 'code'>;
  readonly eventClients: Gauge;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  // Else it takes no exemplars. Who asks gets the form that he wants (open-metrics.ts).
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  const registers = [registry];
  const gauge = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ) => new Gauge<Label>({ name: `ballast_${name}`, help, labelNames, registers });
  const counter = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ) => new Counter<Label>({ name: `ballast_${name}`, help, labelNames, registers });
  // Exemplars: the trace of one that fell into a bucket, where traces are on.
  const histogram = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
    buckets = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
  ) => {
    const own = { name: `ballast_${name}`, help, labelNames, buckets, registers };
    return new Histogram<Label>({ ...own, enableExemplars: true });
  };
  const ofServer: ServerLabel[] = ['app', 'from', 'server'];
  const ofCredential: CredentialLabel[] = ['cluster', 'use', 'kind'];

  return {
    registry,
    buildInfo: gauge('build_info', 'Always 1; which Ballast and which Node', ['version', 'node']),
    leader: gauge('leader', '1 while this controller leads'),
    term: gauge('term', 'Term under which this controller leads, else 0'),
    version: gauge('version', 'Version of the last commit that this controller knows'),
    redisUp: gauge('redis_up', '1 while Redis answers'),
    roundSeconds: histogram('round_duration_seconds', 'Computation of one round'),
    recountDifferences: counter(
      'recount_differences_total',
      'Apps that a full recount found wrong; must stay 0',
    ),
    clusterState: gauge('cluster_state', '1 for the state the cluster is in', ['cluster', 'state']),
    clusterAge: gauge('cluster_age_seconds', 'Since the last word of a stale cluster', ['cluster']),
    clusterIngressNodes: gauge('cluster_ingress_nodes', 'Ingress nodes that count', ['cluster']),
    clusterRelists: counter('cluster_relists_total', 'Lists made anew since the start', [
      'cluster',
    ]),
    clusterUnread: gauge(
      'cluster_unread_namespaces',
      'Namespaces that a missing right keeps from being read; their counts stay',
      ['cluster'],
    ),
    clusterSourceTrouble: gauge(
      'cluster_source_trouble',
      'Things in a source of clusters that could not be used',
      ['source'],
    ),
    credentialExpiry: gauge(
      'credential_expiry_timestamp_seconds',
      'When a credential ends: `use` is watch, jobs, or api (the API’s certificate, without cluster)',
      ofCredential,
    ),
    credentialIssued: gauge(
      'credential_issued_timestamp_seconds',
      'Since when it holds; 0: it does not say',
      ofCredential,
    ),
    appPods: gauge('app_pods', 'Ready pods', ['app', 'cluster']),
    appUnroutedPods: gauge('app_unrouted_pods', 'Ready pods that do not count', [
      'app',
      'cluster',
      'reason',
    ]),
    serverWeight: gauge('server_weight', 'Published weight', ofServer),
    shareExact: gauge('share_exact_ratio', 'Share before rounding, by the rule', ofServer),
    share: gauge('share_ratio', 'Share by the published weights', ofServer),
    shareMeasured: gauge(
      'share_measured_ratio',
      'Of the app’s requests of the last minute, at all edges; none: absent',
      ofServer,
    ),
    shareDrift: gauge(
      'share_drift_ratio',
      'The largest difference of a server’s measured share from its published one; absent below 300 requests in the last minute, and where requests are not spread by weight alone',
      ['app'],
    ),
    atMinimum: gauge(
      'app_at_minimum',
      '1 for an app all of whose servers have weight 1, the least there is, and other shares than by the rule',
      ['app'],
    ),
    seriesOmitted: gauge(
      'series_omitted',
      'Servers, and counts of apps in clusters, without series of their own (telemetry.metrics)',
      ['of'],
    ),
    weightChanges: counter(
      'weight_changes_total',
      'Upstreams committed with other weights, by the first cause; none: nothing that is counted moved',
      ['cause'],
    ),
    guardRefused: counter('guard_refused_total', 'Changes refused, once a round', ['code']),
    guardRefusing: gauge('guard_refusing', 'Apps whose change is refused now'),
    guardDelayed: gauge(
      'guard_delayed',
      'Clusters of apps that the guard holds back now: on their way up, or until a second list',
      ['code'],
    ),
    secondLooks: counter(
      'second_looks_total',
      'Second lists asked for, since a first one showed much less than before',
      ['cluster'],
    ),
    doubtedApps: gauge('doubted_apps', 'Apps that wait for a second list', ['cluster']),
    unreadableDocuments: gauge(
      'unreadable_documents',
      'Apps whose published document cannot be read; they stay as they are',
    ),
    holds: gauge('holds', 'Holds that stand', ['kind']),
    holdOldestAge: gauge('hold_oldest_age_seconds', 'Age of the oldest hold', ['kind']),
    holdNextEnd: gauge(
      'hold_next_end_seconds',
      'Until the next hold ends by itself; none: absent',
      ['kind'],
    ),
    holdsForgotten: gauge(
      'holds_forgotten',
      'Holds of people without end, older than holds.forgottenHours; alert above 0',
    ),
    holdsUnreadable: gauge(
      'holds_unreadable',
      '1 while what is held cannot be read: nothing is written',
    ),
    debts: gauge(
      'debts',
      'Apps that a migration still has to delete where they were, by the state of that cluster; alert where it is fresh',
      ['cluster', 'state'],
    ),
    ramps: gauge(
      'ramps',
      'Clusters of apps on their way up; alert where stopped or abandoned is above 0',
      ['state'],
    ),
    vmsTrouble: gauge('vms_trouble', '1 while a source of VMs cannot be read', ['source']),
    edgeUp: gauge('edge_up', '1 while the edge gives word', ['edge']),
    edgeVersion: gauge('edge_version', 'Version that the edge has applied', ['edge']),
    edgeAcknowledgedAge: gauge(
      'edge_acknowledged_age_seconds',
      'Since the first commit that the edge has not acknowledged; 0: there is none',
      ['edge'],
    ),
    pushSeconds: histogram('push_duration_seconds', 'From sending to the edge’s answer', ['edge']),
    propagationSeconds: histogram(
      'propagation_seconds',
      'From the first event behind a commit to the last edge that has it; silent edges are left out',
    ),
    rehearsedAge: gauge('rehearsal_age_seconds', 'Since the last rehearsal; none before the first'),
    rehearsalAwaited: gauge(
      'rehearsal_awaited_seconds',
      'Where one is to be made and none was: since this controller came to lead',
    ),
    backupAge: gauge(
      'rehearsal_backup_age_seconds',
      'Of the newest usable backup, at the last rehearsal',
      ['app', 'cluster'],
    ),
    unrecoverable: gauge(
      'rehearsal_unrecoverable_apps',
      'Apps of the cluster that would not come back: no usable backup, or no room but by waiting; alert above 0',
      ['cluster'],
    ),
    rehearsalRung: gauge(
      'rehearsal_rung',
      'Of the degrade ladder, if the cluster died; 4: no other takes its apps; alert above 0',
      ['cluster'],
    ),
    jobs: gauge('jobs', 'Jobs on record, those at their end too; alert where Blocked is above 0', [
      'kind',
      'state',
    ]),
    jobUnmoved: gauge(
      'job_unmoved_seconds',
      'Since the running job that stands still the longest last moved, as far as was seen here; 0: none runs',
      ['kind'],
    ),
    jobSteps: counter(
      'job_steps_total',
      'Steps that came to a result here: done, failed, skipped, left (given up half-way)',
      ['kind', 'result'],
    ),
    jobStepSeconds: histogram(
      'job_step_duration_seconds',
      'From the intent of a step to its result, waits included',
      ['kind'],
      [0.1, 1, 10, 60, 300, 1800],
    ),
    apiRequests: counter('api_requests_total', 'Answers of the API', ['route', 'code']),
    eventClients: gauge('event_clients', 'Open event streams'),
  };
}

// Grafana's dashboards, as code: this file is what is edited.
//
//   node deploy/monitoring/dashboards.mjs [FOLDER]
//
// In: the tables below. Out: a JSON file for each dashboard, in deploy/chart/dashboards unless FOLDER
// says else. A test holds the files against this one, and asks each query of a real Prometheus.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** A panel: title, unit, and its queries, each with its legend. Four of them make a row of 24. */
const panel = (title, unit, queries, { type = 'timeseries', width = 12, max } = {}) => ({
  title,
  unit,
  queries,
  type,
  width,
  max,
});
const stat = (title, unit, query) => panel(title, unit, { '': query }, { type: 'stat', width: 6 });

const DASHBOARDS = {
  fleet: {
    title: 'Ballast: fleet',
    variables: {},
    panels: [
      stat('Controllers that lead', 'short', 'sum(ballast_leader)'),
      stat('Version', 'short', 'max(ballast_version)'),
      stat('Redis answers', 'bool_on_off', 'min(ballast_redis_up)'),
      stat(
        'Edges that give no word',
        'short',
        'count(max by (edge) (ballast_edge_up) == 0) or vector(0)',
      ),
      panel('State of clusters', 'short', {
        '{{cluster}} {{state}}': 'max by (cluster, state) (ballast_cluster_state) == 1',
      }),
      panel('Age of stale clusters', 's', {
        '{{cluster}}': 'max by (cluster) (ballast_cluster_age_seconds)',
      }),
      panel('Ingress nodes', 'short', {
        '{{cluster}}': 'max by (cluster) (ballast_cluster_ingress_nodes)',
      }),
      panel('Ready pods', 'short', {
        '{{cluster}}': 'sum by (cluster) (max by (app, cluster) (ballast_app_pods))',
      }),
      panel('Upstreams with new weights', 'cps', {
        changes: 'sum(rate(ballast_weight_changes_total[5m]))',
      }),
      panel('A round, 99 of 100', 's', {
        '{{instance}}':
          'histogram_quantile(0.99, sum by (instance, le) (rate(ballast_round_duration_seconds_bucket[5m])))',
      }),
      panel('What the guard holds', 'short', {
        'apps refused': 'max(ballast_guard_refusing)',
        'clusters of apps, {{code}}': 'max by (code) (ballast_guard_delayed)',
        'apps that wait for a second list': 'sum(max by (cluster) (ballast_doubted_apps))',
      }),
      panel('Holds', 'short', { '{{kind}}': 'max by (kind) (ballast_holds)' }),
      panel('Ramps', 'short', { '{{state}}': 'max by (state) (ballast_ramps)' }),
      panel('Calls of the API', 'reqps', {
        '{{code}}': 'sum by (code) (rate(ballast_api_requests_total[5m]))',
      }),
    ],
  },
  app: {
    title: 'Ballast: app',
    variables: { app: 'label_values(ballast_app_pods, app)' },
    panels: [
      panel('Ready pods', 'short', {
        '{{cluster}}': 'max by (cluster) (ballast_app_pods{app="$app"})',
      }),
      panel('Published weight', 'short', {
        '{{from}} {{server}}': 'max by (from, server) (ballast_server_weight{app="$app"})',
      }),
      panel(
        'Share by the weights',
        'percentunit',
        {
          '{{from}}':
            'sum by (from) (max by (from, server) (ballast_server_weight{app="$app"})) / on () group_left () sum(max by (from, server) (ballast_server_weight{app="$app"}))',
        },
        { max: 1 },
      ),
      panel(
        'Share of the requests',
        'percentunit',
        {
          '{{server}}':
            'sum by (server) (rate(ballast_edge_requests_total{app="$app"}[1m])) / on () group_left () sum(rate(ballast_edge_requests_total{app="$app"}[1m]))',
        },
        { max: 1 },
      ),
      panel('Requests', 'reqps', {
        '{{server}}': 'sum by (server) (rate(ballast_edge_requests_total{app="$app"}[1m]))',
      }),
      panel('Failures', 'reqps', {
        '{{server}}': 'sum by (server) (rate(ballast_edge_failures_total{app="$app"}[1m]))',
      }),
      panel('Mean time of answers', 's', {
        '{{server}}':
          'sum by (server) (rate(ballast_edge_response_seconds_sum{app="$app"}[1m])) / sum by (server) (rate(ballast_edge_response_seconds_count{app="$app"}[1m]))',
      }),
      panel('Requests under way', 'short', {
        '{{server}}': 'sum by (server) (ballast_edge_in_flight{app="$app"})',
      }),
      panel(
        'How far the shares of the requests are off',
        'percentunit',
        { drift: 'max(ballast_share_drift_ratio{app="$app"})' },
        { max: 1 },
      ),
    ],
  },
  edges: {
    title: 'Ballast: edges',
    variables: {},
    panels: [
      panel('Gives word', 'bool_on_off', { '{{edge}}': 'max by (edge) (ballast_edge_up)' }),
      panel('Versions behind', 'short', {
        '{{edge}}':
          'clamp_min(max(ballast_version) - on () group_right () max by (edge) (ballast_edge_version), 0)',
      }),
      panel('From sending to the answer, 99 of 100', 's', {
        '{{edge}}':
          'histogram_quantile(0.99, sum by (edge, le) (rate(ballast_push_duration_seconds_bucket[5m])))',
      }),
      panel('Since the mark was shown to be up to date', 's', {
        '{{instance}}': 'ballast_edge_mark_age_seconds',
      }),
      panel('Requests', 'reqps', {
        '{{instance}}': 'sum by (instance) (rate(ballast_edge_requests_total[1m]))',
      }),
      panel('Failures', 'reqps', {
        '{{instance}}': 'sum by (instance) (rate(ballast_edge_failures_total[1m]))',
      }),
      panel('Upstreams held', 'short', { '{{instance}}': 'ballast_edge_documents' }),
      panel('Documents refused', 'short', { '{{instance}}': 'ballast_edge_refused' }),
      panel(
        'Shared memory that is free',
        'percentunit',
        {
          '{{instance}} {{dict}}':
            'ballast_edge_shared_memory_free_bytes / ballast_edge_shared_memory_capacity_bytes',
        },
        { max: 1 },
      ),
      panel('Probes whose server is unhealthy', 'short', {
        '{{instance}}': 'ballast_edge_unhealthy',
      }),
    ],
  },
  jobs: {
    title: 'Ballast: jobs and migrations',
    variables: {},
    panels: [
      stat(
        'Jobs under way',
        'short',
        'sum(max by (kind, state) (ballast_jobs{state=~"Pending|Planned|Running|RollingBack"}))',
      ),
      stat(
        'Jobs that wait for a person',
        'short',
        'sum(max by (kind, state) (ballast_jobs{state=~"Paused|WaitingApproval|Blocked"}))',
      ),
      stat('Since the last rehearsal', 's', 'min(ballast_rehearsal_age_seconds)'),
      stat(
        'Apps that would not come back',
        'short',
        'sum(max by (cluster) (ballast_rehearsal_unrecoverable_apps))',
      ),
      panel('Jobs', 'short', {
        '{{kind}} {{state}}': 'max by (kind, state) (ballast_jobs)',
      }),
      panel('Since the job that stands still the longest moved', 's', {
        '{{kind}}': 'max by (kind) (ballast_job_unmoved_seconds)',
      }),
      panel('Steps that came to a result', 'cps', {
        '{{kind}} {{result}}': 'sum by (kind, result) (rate(ballast_job_steps_total[5m]))',
      }),
      panel('A step from intent to result, 95 of 100', 's', {
        '{{kind}}':
          'histogram_quantile(0.95, sum by (kind, le) (rate(ballast_job_step_duration_seconds_bucket[5m])))',
      }),
      panel('Age of the newest usable backup', 's', {
        '{{cluster}} {{app}}': 'max by (cluster, app) (ballast_rehearsal_backup_age_seconds)',
      }),
      panel('Rung on which other clusters take its apps (4: none does)', 'short', {
        '{{cluster}}': 'max by (cluster) (ballast_rehearsal_rung)',
      }),
      panel('Until credentials end', 's', {
        '{{use}} {{cluster}} {{kind}}':
          'min by (cluster, use, kind) (ballast_credential_expiry_timestamp_seconds) - time()',
      }),
      panel('Until the next hold ends', 's', {
        '{{kind}}': 'min by (kind) (ballast_hold_next_end_seconds)',
      }),
    ],
  },
};
function make(name, { title, variables, panels }) {
  let x = 0;
  let y = 0;
  return {
    uid: `ballast-${name}`,
    title,
    tags: ['ballast'],
    schemaVersion: 39,
    editable: true,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' },
        ...Object.entries(variables).map(([variable, query]) => ({
          name: variable,
          type: 'query',
          datasource: DATASOURCE,
          query: { query, refId: variable },
          definition: query,
          refresh: 2,
          sort: 1,
        })),
      ],
    },
    panels: panels.map((one, index) => {
      const height = one.type === 'stat' ? 4 : 8;
      if (x + one.width > 24) [x, y] = [0, y + height];
      const gridPos = { x, y, w: one.width, h: height };
      x += one.width;
      if (x >= 24) [x, y] = [0, y + height];
      return drawn(one, { id: index + 1, gridPos });
    }),
  };
}

function drawn({ title, unit, queries, type, max }, place) {
  const targets = Object.entries(queries).map(([legend, expr], index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: DATASOURCE,
    expr,
    legendFormat: legend || '__auto',
    ...(type === 'stat' && { instant: true }),
  }));
  const defaults = { unit, min: 0, ...(max !== undefined && { max }) };
  return {
    ...place,
    type,
    title,
    datasource: DATASOURCE,
    targets,
    fieldConfig: { defaults, overrides: [] },
  };
}

const here = join(fileURLToPath(import.meta.url), '..');
const folder = process.argv[2] ?? join(here, '..', 'chart', 'dashboards');
mkdirSync(folder, { recursive: true });
for (const [name, dashboard] of Object.entries(DASHBOARDS)) {
  writeFileSync(
    join(folder, `${name}.json`),
    `${JSON.stringify(make(name, dashboard), null, 2)}\n`,
  );
}

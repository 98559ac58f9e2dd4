// Every alert, by promtool: it fires on what it is for, after its time and not before, with labels that
// say where; and it is silent where all is well.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';

const run = promisify(execFile);
const RULES = join(import.meta.dirname, '..', '..', 'deploy', 'chart', 'monitoring', 'alerts.yaml');

interface Rule {
  readonly alert: string;
  readonly for: string;
}

interface Case {
  /** Series by name and labels, in promtool's notation, a sample each half minute. */
  readonly bad: Readonly<Record<string, string>>;
  /** By itself, where there are two ways to be bad. */
  readonly alsoBad?: Case['bad'];
  readonly good: Readonly<Record<string, string>>;
  /** Beside name and severity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** What is bad is seen so many minutes after the first sample. */
  readonly seenAfter?: number;
}

const always = (value: number): string => `${value}+0x240`;
/** Of one series that alone decides. */
const above = (series: string, labels: Case['labels'] = {}): Case => ({
  bad: { [series]: always(2) },
  good: { [series]: always(0) },
  labels,
});

const OF_WEST = 'cluster="west",use="watch",kind="certificate"';

const CASES: Readonly<Record<string, Case>> = {
  BallastNoLeader: {
    bad: { 'ballast_leader{instance="a"}': always(0), 'ballast_leader{instance="b"}': always(0) },
    good: { 'ballast_leader{instance="a"}': always(0), 'ballast_leader{instance="b"}': always(1) },
  },
  BallastDown: {
    bad: { 'up{job="ballast",instance="a"}': always(0) },
    good: { 'up{job="ballast",instance="a"}': always(1), 'up{job="else",instance="b"}': always(0) },
    labels: { job: 'ballast', instance: 'a' },
  },
  BallastRedisDown: {
    bad: { 'ballast_redis_up{instance="a"}': always(0) },
    good: { 'ballast_redis_up{instance="a"}': always(1) },
    labels: { instance: 'a' },
  },
  BallastVersionWentBack: {
    bad: { 'ballast_version{instance="a"}': '50 51 52 4 4 4 4 4' },
    // One that was started anew knows none yet.
    good: {
      'ballast_version{instance="a"}': '50+1x120',
      'ballast_version{instance="b"}': '50 51 0 0 54+1x100',
    },
    seenAfter: 1.5,
  },
  BallastRecountDiffers: {
    bad: { 'ballast_recount_differences_total{instance="a"}': '0 0 0 1 1 1 1 1' },
    good: { 'ballast_recount_differences_total{instance="a"}': always(3) },
    labels: { instance: 'a' },
    seenAfter: 1.5,
  },
  BallastClusterStale: {
    bad: {
      'ballast_cluster_state{cluster="east",state="stale",instance="a"}': always(1),
      'ballast_cluster_state{cluster="east",state="fresh",instance="b"}': always(1),
    },
    good: {
      'ballast_cluster_state{cluster="east",state="stale",instance="a"}': always(0),
      'ballast_cluster_state{cluster="east",state="fresh",instance="a"}': always(1),
    },
    labels: { cluster: 'east' },
  },
  BallastClusterUnseen: {
    bad: { 'ballast_cluster_state{cluster="east",state="unseen"}': always(1) },
    good: { 'ballast_cluster_state{cluster="east",state="unseen"}': always(0) },
    labels: { cluster: 'east' },
  },
  BallastClusterUnread: above('ballast_cluster_unread_namespaces{cluster="east"}', {
    cluster: 'east',
  }),
  BallastClusterSourceTrouble: above('ballast_cluster_source_trouble{source="folder x"}', {
    source: 'folder x',
  }),
  BallastCredentialExpiring: {
    // Of eleven days little more than one is left.
    bad: {
      [`ballast_credential_expiry_timestamp_seconds{${OF_WEST}}`]: always(100_000),
      [`ballast_credential_issued_timestamp_seconds{${OF_WEST}}`]: always(-1_000_000),
    },
    // One that is renewed each hour, one of a week at its beginning, one of years.
    good: {
      [`ballast_credential_expiry_timestamp_seconds{${OF_WEST}}`]: '3600 3630+30x240',
      [`ballast_credential_issued_timestamp_seconds{${OF_WEST}}`]: '0 30+30x240',
      'ballast_credential_expiry_timestamp_seconds{use="jobs"}': always(604_800),
      'ballast_credential_issued_timestamp_seconds{use="jobs"}': always(0),
      'ballast_credential_expiry_timestamp_seconds{use="api"}': always(9_000_000),
      'ballast_credential_issued_timestamp_seconds{use="api"}': always(-90_000_000),
    },
    labels: { cluster: 'west', use: 'watch', kind: 'certificate' },
  },
  BallastNoIngressNodes: {
    bad: {
      'ballast_cluster_ingress_nodes{cluster="east"}': always(0),
      'ballast_cluster_state{cluster="east",state="fresh"}': always(1),
    },
    // Of one that was never listed nothing is known.
    good: {
      'ballast_cluster_ingress_nodes{cluster="east"}': always(0),
      'ballast_cluster_state{cluster="east",state="fresh"}': always(0),
    },
    labels: { cluster: 'east' },
  },
  BallastNothingRoutable: above(
    'ballast_app_unrouted_pods{app="shop",cluster="east",reason="not-routed"}',
    { app: 'shop', cluster: 'east', reason: 'not-routed' },
  ),
  BallastShareDrift: {
    bad: { 'ballast_share_drift_ratio{app="shop"}': always(0.2) },
    good: { 'ballast_share_drift_ratio{app="shop"}': always(0.04) },
    labels: { app: 'shop' },
  },
  BallastAllAtMinimum: {
    bad: { 'ballast_app_at_minimum{app="shop",instance="a"}': always(1) },
    good: { 'ballast_server_weight{app="shop"}': always(1) },
    labels: { app: 'shop' },
  },
  BallastGuardRefusing: above('ballast_guard_refusing'),
  BallastGuardDelayed: above('ballast_guard_delayed{code="share-limited"}', {
    code: 'share-limited',
  }),
  BallastSecondLook: above('ballast_doubted_apps{cluster="east"}', { cluster: 'east' }),
  BallastRampStopped: {
    bad: { 'ballast_ramps{state="stopped"}': always(1) },
    good: {
      'ballast_ramps{state="stopped"}': always(0),
      'ballast_ramps{state="rising"}': always(4),
    },
    labels: { state: 'stopped' },
  },
  BallastVmsTrouble: above('ballast_vms_trouble{source="file"}', { source: 'file' }),
  BallastUnreadable: above('ballast_unreadable_documents'),
  BallastHoldsUnreadable: above('ballast_holds_unreadable'),
  BallastHoldExpiring: {
    bad: { 'ballast_hold_next_end_seconds{kind="drain"}': '960-30x30' },
    good: { 'ballast_hold_next_end_seconds{kind="drain"}': always(4000) },
    labels: { kind: 'drain' },
    seenAfter: 1.5,
  },
  BallastHoldForgotten: above('ballast_holds_forgotten'),
  BallastDebtDue: {
    bad: { 'ballast_debts{cluster="east",state="fresh"}': always(2) },
    good: { 'ballast_debts{cluster="east",state="unseen"}': always(2) },
    labels: { cluster: 'east' },
  },
  BallastEdgeUnreachable: {
    bad: { 'ballast_edge_up{edge="edge-1",instance="a"}': always(0) },
    // A standby need not hear of it.
    good: {
      'ballast_edge_up{edge="edge-1",instance="a"}': always(0),
      'ballast_edge_up{edge="edge-1",instance="b"}': always(1),
    },
    labels: { edge: 'edge-1' },
  },
  BallastEdgeBehind: {
    bad: {
      'ballast_version{instance="a"}': always(9),
      'ballast_edge_version{edge="edge-1"}': always(8),
      'ballast_edge_version{edge="edge-2"}': always(9),
      'ballast_edge_up{edge="edge-1"}': always(1),
    },
    // In the middle of a lively day an edge is a moment behind, but no minute.
    good: {
      'ballast_version{instance="a"}': '100+10x120',
      'ballast_edge_version{edge="edge-1"}': '95+10x120',
      'ballast_edge_up{edge="edge-1"}': always(1),
    },
    labels: { edge: 'edge-1' },
    seenAfter: 1,
  },
  BallastEdgeSourceDown: {
    bad: { 'ballast_edge_redis_up{instance="e"}': always(0) },
    good: {
      'ballast_edge_redis_up{instance="e"}': always(1),
      'ballast_edge_api_up{instance="f"}': always(1),
    },
    labels: { instance: 'e' },
  },
  BallastEdgeRefused: above('ballast_edge_refused{instance="e"}', { instance: 'e' }),
  BallastEdgeSnapshotDamaged: above('ballast_edge_snapshot_damaged{instance="e"}', {
    instance: 'e',
  }),
  BallastEdgeHostConflict: {
    ...above('ballast_edge_host_conflict{instance="e",host="h",app="b",kept_by="a"}', {
      instance: 'e',
      host: 'h',
      app: 'b',
    }),
  },
  BallastSharedMemoryLow: {
    bad: {
      'ballast_edge_shared_memory_free_bytes{instance="e",dict="ballast"}': always(9),
      'ballast_edge_shared_memory_capacity_bytes{instance="e",dict="ballast"}': always(100),
    },
    good: {
      'ballast_edge_shared_memory_free_bytes{instance="e",dict="ballast"}': always(50),
      'ballast_edge_shared_memory_capacity_bytes{instance="e",dict="ballast"}': always(100),
    },
    labels: { instance: 'e', dict: 'ballast' },
  },
  BallastEdgeFailures: {
    bad: {
      'ballast_edge_requests_total{app="shop",server="s"}': '0+300x120',
      'ballast_edge_failures_total{app="shop",server="s"}': '0+30x120',
    },
    good: {
      'ballast_edge_requests_total{app="shop",server="s"}': '0+300x120',
      'ballast_edge_failures_total{app="shop",server="s"}': '0+3x120',
      'ballast_edge_requests_total{app="rare",server="s"}': '0+1x120',
      'ballast_edge_failures_total{app="rare",server="s"}': '0+1x120',
    },
    labels: { app: 'shop' },
    seenAfter: 1,
  },
  BallastJobStuck: {
    bad: { 'ballast_jobs{kind="fanout",state="Blocked"}': always(2) },
    alsoBad: {
      'ballast_jobs{kind="fanout",state="Blocked"}': always(0),
      'ballast_job_unmoved_seconds{kind="fanout"}': always(901),
    },
    good: {
      'ballast_jobs{kind="fanout",state="Blocked"}': always(0),
      'ballast_jobs{kind="fanout",state="Failed"}': always(3),
      'ballast_job_unmoved_seconds{kind="fanout"}': always(600),
    },
    labels: { kind: 'fanout' },
  },
  BallastAppNotRecoverable: above('ballast_rehearsal_unrecoverable_apps{cluster="east"}', {
    cluster: 'east',
  }),
  BallastBackupStale: {
    bad: { 'ballast_rehearsal_backup_age_seconds{app="shop",cluster="east"}': always(90_001) },
    good: { 'ballast_rehearsal_backup_age_seconds{app="shop",cluster="east"}': always(86_400) },
    labels: { app: 'shop', cluster: 'east' },
  },
  BallastNoRoomForCluster: {
    bad: { 'ballast_rehearsal_rung{cluster="east"}': always(4) },
    good: { 'ballast_rehearsal_rung{cluster="east"}': always(3) },
    labels: { cluster: 'east' },
  },
  BallastRehearsalMissing: {
    bad: { 'ballast_rehearsal_age_seconds{instance="a"}': always(130_001) },
    alsoBad: { 'ballast_rehearsal_awaited_seconds{instance="a"}': always(130_001) },
    good: {
      // One that leads anew, of which the other had made its own.
      'ballast_rehearsal_awaited_seconds{instance="c"}': always(60),
      'ballast_rehearsal_age_seconds{instance="a"}': always(130_001),
      'ballast_rehearsal_age_seconds{instance="b"}': always(60),
    },
  },
};

let folder: string;
let rules: readonly (Rule & { readonly labels: Readonly<Record<string, string>> })[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-alerts-'));
  const file = parse(await readFile(RULES, 'utf8')) as { groups: { rules: typeof rules }[] };
  rules = file.groups.flatMap((group) => group.rules);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('are taken by Prometheus', async () => {
  const { stdout } = await run('promtool', ['check', 'rules', RULES]);
  expect(stdout).toContain(`${rules.length} rules found`);
});

it('have a case each', () => {
  expect(Object.keys(CASES)).toEqual(rules.map(({ alert }) => alert));
});

const series = (of: Case['bad']) =>
  Object.entries(of).map(([name, values]) => ({ series: name, values }));
const seconds = (minutes: number): string => `${Math.round(minutes * 60)}s`;

it('fire after their time, and where all is well they do not', async () => {
  const tests = rules.flatMap(({ alert, for: wait, labels: { severity = '' } }) => {
    const { bad, alsoBad, good, labels = {}, seenAfter = 0 } = CASES[alert] as Case;
    const names = { alertname: alert, alertstate: 'firing', severity, ...labels };
    const text = Object.entries(names).map(([key, value]) => `${key}="${value}"`);
    const expr = `ALERTS{alertname="${alert}",alertstate="firing"}`;
    const due = Number.parseInt(wait, 10) + seenAfter;
    const fired = [{ labels: `ALERTS{${text.join(', ')}}`, value: 1 }];
    const before = { expr, eval_time: seconds(due - 0.5), exp_samples: [] };
    return [
      ...[bad, alsoBad ?? bad].map((input) => ({
        name: `${alert} on what is bad`,
        interval: '30s',
        input_series: series(input),
        promql_expr_test: [
          ...(due > 0.5 ? [before] : []),
          { expr, eval_time: seconds(due), exp_samples: fired },
        ],
      })),
      {
        name: `${alert} where all is well`,
        interval: '30s',
        input_series: series(good),
        promql_expr_test: [{ expr, eval_time: seconds(Math.max(40, due + 10)), exp_samples: [] }],
      },
    ];
  });
  const file = join(folder, 'tests.yaml');
  await writeFile(file, stringify({ rule_files: [RULES], evaluation_interval: '30s', tests }));
  const { code, said } = await run('promtool', ['test', 'rules', file]).then(
    () => ({ code: 0, said: '' }),
    (error: { stdout: string; stderr: string }) => ({ code: 1, said: error.stdout + error.stderr }),
  );
  expect([code, said]).toEqual([0, '']);
});

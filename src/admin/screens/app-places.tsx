// Where an app's requests go: by cluster, and to VMs; each with its sum in words and its three shares.

import type { AppAnswer } from '../../api/shapes.ts';
import { linkTo } from '../route.ts';
import { Empty } from '../show/notice.tsx';
import { byPlace, percent, sumOf } from '../show/numbers.ts';
import { ShareBar } from '../show/share.tsx';
import { ClusterState, ReasonBadge } from '../show/states.tsx';
import { duration } from '../show/time.tsx';
import { placeName, useWords } from '../words/words.ts';

type Cluster = NonNullable<AppAnswer['clusters']>[number];
type Server = AppAnswer['servers'][number];

export function AppPlaces({ app }: { readonly app: AppAnswer }) {
  const words = useWords();
  const { clusters = [], vms = [], servers } = app;
  const served = byPlace(servers);
  const seen = new Set(clusters.map(({ name }) => name));
  const others = [...served.keys()].filter((from) => from !== 'vm' && !seen.has(from));
  const isCounted = servers.some(({ measuredShare }) => measuredShare !== undefined);
  if (clusters.length + vms.length + others.length + served.size === 0) {
    return <Empty>{words.nothingServes}</Empty>;
  }
  const shares = (from: string) => <Shares servers={served.get(from) ?? []} {...{ isCounted }} />;
  return (
    <ul class="places">
      {clusters.map((cluster) => (
        <li key={cluster.name}>
          <ClusterPart cluster={cluster} servers={served.get(cluster.name) ?? []} />
          {shares(cluster.name)}
        </li>
      ))}
      {others.map((from) => (
        <li key={from}>
          <PlainPart from={from} servers={served.get(from) ?? []} />
          {shares(from)}
        </li>
      ))}
      {(vms.length > 0 || served.has('vm') || app.vmsReason) && (
        <li>
          <PlainPart
            from="vm"
            servers={served.get('vm') ?? []}
            {...(app.vmsReason && { reason: app.vmsReason })}
          />
          {shares('vm')}
        </li>
      )}
    </ul>
  );
}

function ClusterPart({
  cluster,
  servers,
}: {
  readonly cluster: Cluster;
  readonly servers: readonly Server[];
}) {
  const words = useWords();
  const { name, state, ageSeconds, formula, reason, routed, ingressNodes } = cluster;
  return (
    <div class="place">
      <h3>
        <a href={linkTo(['clusters', name])}>{name}</a> <ClusterState state={state} />{' '}
        {reason && reason.code !== state && <ReasonBadge reason={reason} />}
      </h3>
      <p class="sum">
        <span class="unseen">{words.sum}: </span>
        {words.sameSum(sumIn(servers) ?? formula)}
      </p>
      {reason && <p class="detail">{reason.text}</p>}
      <p class="detail">
        {[
          routed === false && words.notRouted,
          ingressNodes.map((node) => node.name).join(', '),
          words.lookedAt(duration(words, ageSeconds)),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </div>
  );
}

function PlainPart({
  from,
  servers,
  reason,
}: {
  readonly from: string;
  readonly servers: readonly Server[];
  readonly reason?: AppAnswer['vmsReason'];
}) {
  const words = useWords();
  const sum = sumIn(servers);
  return (
    <div class="place">
      <h3>
        {placeName(words, from)} {reason && <ReasonBadge reason={reason} />}
      </h3>
      {sum !== undefined && (
        <p class="sum">
          <span class="unseen">{words.sum}: </span>
          {words.sameSum(sum)}
          {servers.length > 1 && ` (× ${servers.length})`}
        </p>
      )}
      {reason && <p class="detail">{reason.text}</p>}
    </div>
  );
}

/** The same for all of them, as long as no hold speaks of one. */
function sumIn(servers: readonly Server[]): string | undefined {
  const sums = new Set(servers.flatMap(({ formula }) => formula ?? []));
  return sums.size === 0 ? undefined : [...sums].join('; ');
}

function Shares({
  servers,
  isCounted,
}: {
  readonly servers: readonly Server[];
  readonly isCounted: boolean;
}) {
  const words = useWords();
  const exact = sumOf(servers, ({ exactShare, share }) => exactShare ?? share);
  const rounded = sumOf(servers, ({ share }) => share);
  const measured = isCounted ? sumOf(servers, (server) => server.measuredShare ?? 0) : undefined;
  const weight = sumOf(servers, (server) => server.weight);
  return (
    <div class="shares">
      <ShareBar kind="exact" label={words.exact} title={words.exactLong} share={exact} />
      <ShareBar kind="rounded" label={words.rounded} title={words.roundedLong} share={rounded} />
      <ShareBar
        kind="measured"
        label={words.measured}
        title={measured === undefined ? words.notCounted : words.measuredLong}
        share={measured}
      />
      <p class="detail">
        {`${words.weight} ${weight}`}
        {Math.abs(rounded - exact) >= 0.0005 && ` · Δ ${percent(rounded - exact)}`}
      </p>
    </div>
  );
}

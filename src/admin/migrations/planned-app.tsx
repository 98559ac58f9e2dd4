// What a migration would do to one app: its objects in order, what stays, the weights of every step.

import type { PlanAnswer } from '../../api/migration-shapes.ts';
import { Badge, type Tone } from '../show/badge.tsx';
import { When } from '../show/time.tsx';
import { useWords } from '../words/words.ts';
import { nameOf } from './objects.ts';
import { WeightTable } from './weight-table.tsx';

type App = PlanAnswer['apps'][number];

const STATES: Readonly<Record<App['state'], Tone>> = {
  planned: 'well',
  refused: 'bad',
  deferred: 'warning',
};

export function PlannedApp({ app }: { readonly app: App }) {
  const words = useWords();
  const { state, core, weights, objects, behind } = app;
  return (
    <article class="planned" aria-label={app.app}>
      <h4>
        {app.app} <Badge tone={STATES[state]}>{words.appPlanStates[state]}</Badge>
        {core && <Badge tone="quiet">{words.core}</Badge>}
      </h4>
      <Facts app={app} />
      {objects.length > 0 && <Objects app={app} />}
      {behind.length > 0 && (
        <details>
          <summary>{words.stays(behind.length)}</summary>
          <ul class="lines">
            {behind.map(({ object, why }) => (
              <li key={object}>
                {object}: <span class="detail">{why}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      {weights && <WeightTable app={app.app} weights={weights} />}
    </article>
  );
}

function Facts({ app: { workload, replicas, origin } }: { readonly app: App }) {
  const words = useWords();
  if (workload === undefined && !replicas && !origin) return null;
  return (
    <dl class="facts">
      {workload !== undefined && (
        <div>
          <dt>{words.workload}</dt>
          <dd>{workload}</dd>
        </div>
      )}
      {replicas && (
        <div>
          <dt>{words.replicas}</dt>
          <dd>{words.beforeAfter(`${replicas.before}`, `${replicas.after}`)}</dd>
        </div>
      )}
      {origin && (
        <div>
          <dt>{words.origin}</dt>
          <dd>
            <OriginOf origin={origin} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function OriginOf({ origin }: { readonly origin: NonNullable<App['origin']> }) {
  const words = useWords();
  const { backup, startedAt, warnings = [], passedOver = [] } = origin;
  if (backup === undefined) return <>{words.originLive}</>;
  const passed = passedOver.map((one) => `${words.passedOver}: ${one.backup}: ${one.why}`);
  return (
    <>
      {words.originBackup(backup)} {startedAt !== undefined && <When at={startedAt} />}
      {[...warnings, ...passed].map((line) => (
        <span key={line} class="detail line">
          {line}
        </span>
      ))}
    </>
  );
}

function Objects({ app: { objects } }: { readonly app: App }) {
  const words = useWords();
  return (
    <details>
      <summary>{words.objectsMoved(objects.length)}</summary>
      <ol class="lines numbered">
        {objects.map(({ step, manifest, how, late }) => (
          <li key={step}>
            {nameOf(manifest)}{' '}
            <span class="detail">
              {words.objectHow[how]}
              {late && `, ${words.late}`}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}

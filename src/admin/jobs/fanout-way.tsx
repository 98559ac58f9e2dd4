// A fan-out on its way: its waves, in each the clusters, in each the steps.

import type { JobAnswered } from '../../api/job-shapes.ts';
import { Badge } from '../show/badge.tsx';
import { useWords, type Words } from '../words/words.ts';
import { StepBadge } from './job-state.tsx';
import { laneState, type ShownLane, type ShownStep, type ShownWave } from './lanes.ts';
import { StepList, type ListedStep } from './step-list.tsx';

export function FanoutWay({
  job,
  waves,
}: {
  readonly job: JobAnswered;
  readonly waves: readonly ShownWave[];
}) {
  return (
    <div class="way">
      {waves.map((wave) => (
        <Wave key={wave.name} job={job} wave={wave} />
      ))}
    </div>
  );
}

function Wave({ job, wave }: { readonly job: JobAnswered; readonly wave: ShownWave }) {
  const words = useWords();
  const { name, concurrency, approval, lanes, after } = wave;
  const label = words.wave(name);
  return (
    <section class={lanes.length > 1 ? 'wave wide' : 'wave'}>
      <h3>
        {label} <span class="detail">{words.atOnce(concurrency)}</span>
        {approval !== 'none' && <Badge tone="warning">{words.approvalWhen[approval]}</Badge>}
      </h3>
      <ul class="lanes">
        {lanes.map((lane) => (
          <li key={lane.id}>
            <LaneOf job={job} lane={lane} />
          </li>
        ))}
      </ul>
      {after.length > 0 && <StepList job={job} label={label} steps={after.map(labelled(words))} />}
    </section>
  );
}

function LaneOf({ job, lane }: { readonly job: JobAnswered; readonly lane: ShownLane }) {
  const words = useWords();
  const { id, undrained, steps } = lane;
  return (
    <article aria-label={id}>
      <h4>
        {id} <StepBadge state={laneState(lane)} />
      </h4>
      {undrained !== undefined && <p class="hint">{words.notDrained(undrained)}</p>}
      <StepList job={job} label={id} steps={steps.map(labelled(words))} />
    </article>
  );
}

const labelled =
  (words: Words) =>
  ({ verb, object = '', ...step }: ShownStep): ListedStep => ({
    ...step,
    label: `${words.verbs[verb]} ${object}`.trim(),
  });

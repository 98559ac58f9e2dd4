// The plan that was looked at becomes a job: that plan and no other, by its digest.

import { useState } from 'preact/hooks';
import type { JobSummaryAnswer } from '../../api/job-shapes.ts';
import type { PlanAnswer, PlanQuestion } from '../../api/migration-shapes.ts';
import { useMayRun } from '../live/session.ts';
import { linkTo } from '../route.ts';
import { SayDialog } from '../say/say-dialog.tsx';
import { useWords } from '../words/words.ts';

export function BeginMove({
  plan: { apps, from, to, digest },
  question,
}: {
  readonly plan: PlanAnswer;
  readonly question: PlanQuestion;
}) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const names = apps.map(({ app }) => app);
  if (!useMayRun({ apps: names, clusters: [from, to] })) return null;
  return (
    <span class="actions">
      <button type="button" class="main" onClick={() => setOpen(true)}>
        {words.begin}
      </button>
      {isOpen && (
        <SayDialog
          title={words.beginTitle(names.join(', '), from, to)}
          close={() => setOpen(false)}
          doIt={words.doBegin}
          saying={{
            method: 'POST',
            path: 'migrations',
            body: { ...question, digest },
            isForNoEdge: true,
          }}
          // The cluster that the apps leave.
          name={from}
          isBlind
          isDangerous
          said={(job) => <JobLink job={job as JobSummaryAnswer} />}
        >
          <p>{words.beginHint}</p>
        </SayDialog>
      )}
    </span>
  );
}

function JobLink({ job: { id } }: { readonly job: JobSummaryAnswer }) {
  return <a href={linkTo(['jobs', id])}>{id}</a>;
}

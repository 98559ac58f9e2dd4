// What of a debt lives now, and the consent to its deletion: of what was looked at, and of nothing else.

import type { DebtAnswer, DebtNowAnswer } from '../../api/debt-shapes.ts';
import type { JobSummaryAnswer } from '../../api/job-shapes.ts';
import { useAnswer } from '../live/answer.ts';
import { linkTo } from '../route.ts';
import { SayDialog } from '../say/say-dialog.tsx';
import { Badge, type Tone } from '../show/badge.tsx';
import { Trouble } from '../show/notice.tsx';
import { useWords } from '../words/words.ts';

type Owed = DebtNowAnswer['objects'][number];

const STATES: Readonly<Record<Owed['state'], Tone>> = {
  there: 'bad',
  gone: 'quiet',
  another: 'warning',
  unread: 'warning',
};

export function DebtDialog({
  debt: { id, app, cluster },
  close,
}: {
  readonly debt: DebtAnswer;
  readonly close: () => void;
}) {
  const words = useWords();
  const path = `migrations/debts/${encodeURIComponent(id)}`;
  const { answer, problem } = useAnswer<DebtNowAnswer>(path);
  return (
    <SayDialog
      title={words.debtTitle(app, cluster)}
      close={close}
      doIt={words.consent}
      saying={
        answer && {
          method: 'POST',
          path: `${path}/consent`,
          body: { digest: answer.digest },
          isForNoEdge: true,
        }
      }
      name={cluster}
      isBlind
      isDangerous
      said={(job) => <JobLink job={job as JobSummaryAnswer} />}
    >
      <p>{words.consentHint}</p>
      {problem && <Trouble problem={problem} />}
      {!answer && !problem && (
        <p class="empty" role="status">
          {words.lookingAtDebt}
        </p>
      )}
      {answer && <Objects objects={answer.objects} />}
    </SayDialog>
  );
}

function JobLink({ job: { id } }: { readonly job: JobSummaryAnswer }) {
  return <a href={linkTo(['jobs', id])}>{id}</a>;
}

function Objects({ objects }: { readonly objects: readonly Owed[] }) {
  const words = useWords();
  return (
    <ul class="lines">
      {objects.map(({ kind, namespace, name, uid, state, why }) => (
        <li key={uid}>
          {`${kind} ${[namespace, name].filter(Boolean).join('/')}`}{' '}
          <Badge tone={STATES[state]}>{words.debtObjects[state]}</Badge>{' '}
          {why !== undefined && <span class="detail">{why}</span>}
        </li>
      ))}
    </ul>
  );
}

// Back to an earlier version of an app: a freeze of its shares.

import { useState } from 'preact/hooks';
import { useWords } from '../words/words.ts';
import { Field } from './hold-fields.tsx';
import { untilOf } from './new-hold.tsx';
import { SayDialog } from './say-dialog.tsx';
import type { Saying } from './say.ts';

export function Revert({
  app,
  version,
  close,
}: {
  readonly app: string;
  readonly version: number;
  readonly close: () => void;
}) {
  const words = useWords();
  const [why, setWhy] = useState('');
  const [until, setUntil] = useState('');
  const sayingFor = (reason: string): Saying => ({
    method: 'POST',
    path: `apps/${encodeURIComponent(app)}/revert`,
    body: { version, why: reason, ...(until !== '' && { until: untilOf(Number(until)) }) },
  });
  return (
    <SayDialog
      title={words.revertTo(app, version)}
      close={close}
      doIt={words.doRevert}
      saying={why.trim() === '' ? undefined : sayingFor(why.trim())}
      looked={sayingFor(why.trim() || 'preview')}
    >
      <p class="hint">{words.revertHint}</p>
      <div class="fields">
        <Field label={words.why} hint={words.whyHint}>
          <input
            type="text"
            required
            maxLength={400}
            value={why}
            onInput={({ currentTarget: { value } }) => setWhy(value)}
          />
        </Field>
        <Field label={words.until} hint={words.minutesLong}>
          <input
            type="number"
            min="1"
            value={until}
            onInput={({ currentTarget: { value } }) => setUntil(value)}
          />
        </Field>
      </div>
    </SayDialog>
  );
}

// A person's word that nothing is owed any more: the drain of the source ends by it.

import { useState } from 'preact/hooks';
import type { DebtAnswer } from '../../api/debt-shapes.ts';
import { Field } from '../say/hold-fields.tsx';
import { SayDialog } from '../say/say-dialog.tsx';
import type { Saying } from '../say/say.ts';
import { useWords } from '../words/words.ts';

export function SettleDebt({
  debt: { id, app, cluster },
  close,
}: {
  readonly debt: DebtAnswer;
  readonly close: () => void;
}) {
  const words = useWords();
  const [why, setWhy] = useState('');
  const sayingFor = (reason: string): Saying => ({
    method: 'POST',
    path: `migrations/debts/${encodeURIComponent(id)}/settle`,
    body: { why: reason, confirm: cluster },
    isEnd: true,
  });
  return (
    <SayDialog
      title={words.settleTitle(app, cluster)}
      close={close}
      doIt={words.doSettle}
      saying={why.trim() === '' ? undefined : sayingFor(why.trim())}
      looked={sayingFor(why.trim() || 'preview')}
      name={cluster}
      about={cluster}
      isDangerous
    >
      <p>{words.settleHint}</p>
      <div class="fields">
        <Field label={words.why} hint={words.whyHint}>
          <input
            type="text"
            required
            maxLength={500}
            value={why}
            onInput={({ currentTarget: { value } }) => setWhy(value)}
          />
        </Field>
      </div>
    </SayDialog>
  );
}

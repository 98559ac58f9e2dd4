// A new hold: a drain, a pin or a freeze. A drain of a whole cluster has to be named.

import { useState } from 'preact/hooks';
import { useWords } from '../words/words.ts';
import { HoldFields, type HoldDraft } from './hold-fields.tsx';
import { SayDialog } from './say-dialog.tsx';
import type { Saying } from './say.ts';

export interface NewHoldParts {
  readonly close: () => void;
  readonly title: string;
  readonly app?: string;
  readonly cluster?: string;
  /** What cannot be chosen here. */
  readonly fixed: readonly ('kind' | 'app' | 'cluster' | 'server')[];
}

const FIRST: HoldDraft = {
  kind: 'drain',
  app: '',
  cluster: '',
  server: '',
  weight: '',
  why: '',
  until: '',
  ramp: '',
  allowEmpty: false,
};

export function NewHold({ close, title, app = '', cluster = '', fixed }: NewHoldParts) {
  const words = useWords();
  const [draft, setDraft] = useState<HoldDraft>({ ...FIRST, app, cluster });
  const why = draft.why.trim();
  const name = nameToType(draft);
  return (
    <SayDialog
      title={title}
      close={close}
      doIt={name === undefined ? words.doHold : words.doDrain(name)}
      saying={why === '' ? undefined : sayingOf(draft, why)}
      // Before there is a reason it may be looked at, and not be said.
      looked={sayingOf(draft, why || 'preview')}
      isDangerous={draft.kind === 'drain'}
      {...(name !== undefined && { name })}
      {...(draft.cluster !== '' && { about: draft.cluster })}
    >
      <HoldFields draft={draft} fixed={fixed} change={(part) => setDraft({ ...draft, ...part })} />
    </SayDialog>
  );
}

/** A drain that takes a whole cluster away. */
function nameToType({ kind, app, cluster, server }: HoldDraft): string | undefined {
  return kind === 'drain' && cluster !== '' && app + server === '' ? cluster : undefined;
}

/** Undefined: the API would not take it for a hold. */
function sayingOf(draft: HoldDraft, why: string): Saying | undefined {
  const { kind, app, cluster, server, weight, allowEmpty } = draft;
  if (app + cluster + server === '') return undefined;
  if (kind === 'pin' && (app === '' || cluster + server === '' || weight === '')) return undefined;
  const body = {
    kind,
    why,
    ...named({ app, cluster, server }),
    ...(kind === 'pin' && { weight: Number(weight) }),
    ...(kind !== 'freeze' && allowEmpty && { allowEmpty }),
    ...timesOf(draft),
  };
  return { method: 'POST', path: 'holds', body };
}

function named(parts: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(parts).filter(([, name]) => name !== ''));
}

function timesOf({ kind, until, ramp }: Pick<HoldDraft, 'kind' | 'until' | 'ramp'>): object {
  const minutes = Number(until);
  return {
    ...(until !== '' && { until: untilOf(minutes) }),
    ...(kind === 'drain' && ramp !== '' && { rampSeconds: Math.round(Number(ramp) * 60) }),
  };
}

/** To the minute: the preview is not asked anew with every look at the clock. */
export function untilOf(minutes: number): string {
  const end = Math.ceil((Date.now() + minutes * 60_000) / 60_000) * 60_000;
  return new Date(end).toISOString();
}

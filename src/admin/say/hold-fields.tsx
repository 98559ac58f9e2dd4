import type { ComponentChildren } from 'preact';
import type { HoldAnswered } from '../../api/shapes.ts';
import { fleet } from '../live/live.ts';
import { useStore } from '../store.ts';
import { placeName, useWords } from '../words/words.ts';

/** As it is typed. */
export interface HoldDraft {
  readonly kind: HoldAnswered['kind'];
  readonly app: string;
  readonly cluster: string;
  readonly server: string;
  readonly weight: string;
  readonly why: string;
  /** Minutes. */
  readonly until: string;
  readonly ramp: string;
  readonly allowEmpty: boolean;
}

const KINDS = ['drain', 'pin', 'freeze'] as const;

interface Parts {
  readonly draft: HoldDraft;
  readonly fixed: readonly string[];
  readonly change: (part: Partial<HoldDraft>) => void;
}

export function HoldFields(parts: Parts) {
  const words = useWords();
  const { draft, fixed, change } = parts;
  return (
    <div class="fields">
      {!fixed.includes('kind') && (
        <fieldset>
          <legend>{words.kind}</legend>
          {KINDS.map((kind) => (
            <label key={kind} class="check">
              <input
                type="radio"
                name="kind"
                checked={draft.kind === kind}
                onChange={() => change({ kind })}
              />
              {words.kinds[kind]} <span class="hint">{words.kindHints[kind]}</span>
            </label>
          ))}
        </fieldset>
      )}
      <Scope {...parts} />
      {draft.kind === 'pin' && (
        <Field label={words.weight} hint={draft.server === '' ? words.ofCluster : words.ofServer}>
          <input
            type="number"
            min="0"
            required
            value={draft.weight}
            onInput={({ currentTarget: { value } }) => change({ weight: value })}
          />
        </Field>
      )}
      <Field label={words.why} hint={words.whyHint}>
        <input
          type="text"
          required
          maxLength={500}
          value={draft.why}
          onInput={({ currentTarget: { value } }) => change({ why: value })}
        />
      </Field>
      <Field label={words.until} hint={words.minutesLong}>
        <input
          type="number"
          min="1"
          value={draft.until}
          onInput={({ currentTarget: { value } }) => change({ until: value })}
        />
      </Field>
      {draft.kind === 'drain' && (
        <Field label={words.rampMinutes} hint={words.rampHint}>
          <input
            type="number"
            min="1"
            value={draft.ramp}
            onInput={({ currentTarget: { value } }) => change({ ramp: value })}
          />
        </Field>
      )}
      {draft.kind !== 'freeze' && (
        <label class="check">
          <input
            type="checkbox"
            checked={draft.allowEmpty}
            onChange={() => change({ allowEmpty: !draft.allowEmpty })}
          />
          {words.allowEmpty}
        </label>
      )}
    </div>
  );
}

function Scope({ draft, fixed, change }: Parts) {
  const words = useWords();
  const { clusters } = useStore(fleet);
  return (
    <>
      {!fixed.includes('app') && (
        <Field label={words.app}>
          <input
            type="text"
            placeholder={words.everyApp}
            value={draft.app}
            onInput={({ currentTarget: { value } }) => change({ app: value.trim() })}
          />
        </Field>
      )}
      {!fixed.includes('cluster') && (
        <Field label={words.cluster}>
          <select
            value={draft.cluster}
            onChange={({ currentTarget: { value } }) => change({ cluster: value })}
          >
            <option value="">{words.everyCluster}</option>
            {[...clusters.map(({ name }) => name), 'vm'].map((name) => (
              <option key={name} value={name}>
                {placeName(words, name)}
              </option>
            ))}
          </select>
        </Field>
      )}
      {!fixed.includes('server') && (
        <Field label={words.server}>
          <input
            type="text"
            placeholder="10.0.0.5:80"
            value={draft.server}
            onInput={({ currentTarget: { value } }) => change({ server: value.trim() })}
          />
        </Field>
      )}
    </>
  );
}

export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: ComponentChildren;
}) {
  return (
    <label>
      <span>
        {label} {hint !== undefined && <span class="hint">{hint}</span>}
      </span>
      {children}
    </label>
  );
}

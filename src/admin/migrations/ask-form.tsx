// What is to be moved, from where to where, and how.

import { useState } from 'preact/hooks';
import { fleet } from '../live/live.ts';
import { Field } from '../say/hold-fields.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { FLAGS, MODES, questionOf, type Asked } from './asked.ts';

interface Parts {
  readonly first: Asked;
  readonly isAsking: boolean;
  readonly ask: (asked: Asked) => void;
}

export function AskForm({ first, isAsking, ask }: Parts) {
  const words = useWords();
  const { apps } = useStore(fleet);
  const [draft, setDraft] = useState(first);
  const change = (part: Partial<Asked>): void => setDraft({ ...draft, ...part });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (questionOf(draft)) ask(draft);
  };
  return (
    <form class="ask" onSubmit={submit}>
      <p class="hint">{words.planHint}</p>
      <div class="fields">
        <Field label={words.appsToMove} hint={words.appsHint}>
          <input
            type="text"
            required
            list="apps-to-move"
            autocomplete="off"
            spellcheck={false}
            value={draft.apps}
            onInput={({ currentTarget: { value } }) => change({ apps: value })}
          />
        </Field>
        <datalist id="apps-to-move">
          {apps.slice(0, MOST_OFFERED).map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <ClusterChoice
          label={words.fromCluster}
          value={draft.from}
          choose={(from) => change({ from })}
        />
        <ClusterChoice label={words.toCluster} value={draft.to} choose={(to) => change({ to })} />
        <label>
          {words.mode}
          <select
            value={draft.mode}
            onChange={({ currentTarget: { value } }) =>
              change({ mode: MODES.find((one) => one === value) ?? 'online' })
            }
          >
            {MODES.map((mode) => (
              <option key={mode} value={mode}>
                {words.modes[mode]}
              </option>
            ))}
          </select>
        </label>
        <Flags draft={draft} change={change} />
      </div>
      <footer>
        <button type="submit" class="main" disabled={isAsking || !questionOf(draft)}>
          {words.doPlan}
        </button>
      </footer>
    </form>
  );
}

/** Of apps that the field offers. */
const MOST_OFFERED = 500;

function ClusterChoice({
  label,
  value,
  choose,
}: {
  readonly label: string;
  readonly value: string;
  readonly choose: (name: string) => void;
}) {
  const words = useWords();
  const { clusters } = useStore(fleet);
  // One of a link that is not there any more is still said.
  const names = new Set([...clusters.map(({ name }) => name), ...(value === '' ? [] : [value])]);
  return (
    <label>
      {label}
      <select
        required
        value={value}
        onChange={({ currentTarget: { value: name } }) => choose(name)}
      >
        <option value="">{words.choose}</option>
        {[...names].map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Flags({
  draft: { flags },
  change,
}: {
  readonly draft: Asked;
  readonly change: (part: Partial<Asked>) => void;
}) {
  const words = useWords();
  const texts = { stateful: words.stateful, degrade: words.degrade, adopt: words.adoptThere };
  const turn = (flag: (typeof FLAGS)[number]): void =>
    change({
      flags: flags.includes(flag) ? flags.filter((one) => one !== flag) : [...flags, flag],
    });
  return (
    <fieldset>
      <legend>{words.options}</legend>
      {FLAGS.map((flag) => (
        <label key={flag} class="check">
          <input type="checkbox" checked={flags.includes(flag)} onChange={() => turn(flag)} />
          {texts[flag]}
        </label>
      ))}
    </fieldset>
  );
}

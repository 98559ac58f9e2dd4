// The dialog of every word: what it says, what it would change, a name to type where it is dangerous, and
// then the edges, one by one, as they have it.

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../show/dialog.tsx';
import { Trouble } from '../show/notice.tsx';
import { useWords } from '../words/words.ts';
import { Preview } from './preview.tsx';
import { ProgressOf } from './progress.tsx';
import { usePreview, useSay, type Progress, type Saying } from './say.ts';

export interface SayDialogParts {
  readonly title: string;
  readonly close: () => void;
  readonly doIt: string;
  /** Undefined: it is not whole yet. */
  readonly saying: Saying | undefined;
  /** As it is looked at, perhaps before it may be said. */
  readonly looked?: Saying | undefined;
  /** The API has no look before this one. */
  readonly isBlind?: boolean;
  /** Has to be typed. */
  readonly name?: string;
  readonly isDangerous?: boolean;
  /** The cluster that the preview is about. */
  readonly about?: string;
  readonly said?: (written: object) => ComponentChildren;
  readonly children?: ComponentChildren;
}

export function SayDialog(parts: SayDialogParts) {
  const { title, close, saying } = parts;
  const { progress, say } = useSay(saying);
  const start = (): void => void say();
  return (
    <Dialog title={title} close={close} isWide>
      {progress.step === 'asking' || progress.step === 'sending' ? (
        <Looking {...parts} say={start} progress={progress} />
      ) : (
        <>
          <ProgressOf progress={progress} said={parts.said} />
          <Footer close={close} {...(progress.step === 'failed' && { again: start })} />
        </>
      )}
    </Dialog>
  );
}

function Footer({ close, again }: { readonly close: () => void; readonly again?: () => void }) {
  const words = useWords();
  return (
    <footer>
      {again && (
        <button type="button" onClick={again}>
          {words.again}
        </button>
      )}
      <button type="button" class="main" onClick={close}>
        {words.close}
      </button>
    </footer>
  );
}

/** What it would change is looked at with every change of what is to be said, and stays beside a refusal. */
function Looking(
  parts: SayDialogParts & { readonly say: () => void; readonly progress: Progress },
) {
  const { saying, looked = saying, isBlind, about, children, progress } = parts;
  const words = useWords();
  const { preview, problem, isLooking } = usePreview(isBlind ? undefined : looked);
  const isSayable = saying !== undefined && !problem && progress.step !== 'sending';
  return (
    <Asking {...parts} isSayable={isSayable}>
      {children}
      {problem && <Trouble problem={problem} />}
      {preview && <Preview preview={preview} {...(about !== undefined && { about })} />}
      {isLooking && (
        <p class="empty" role="status">
          {words.previewing}
        </p>
      )}
      <ProgressOf progress={progress} />
    </Asking>
  );
}

interface AskingParts extends Omit<SayDialogParts, 'saying' | 'looked' | 'title'> {
  readonly isSayable: boolean;
  readonly say: () => void;
}

function Asking({ children, close, doIt, name, isDangerous, isSayable, say }: AskingParts) {
  const words = useWords();
  const [typed, setTyped] = useState('');
  const isNamed = name === undefined || typed.trim() === name;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isSayable && isNamed) say();
  };
  return (
    <form onSubmit={submit}>
      {children}
      {name !== undefined && (
        <label>
          {words.typeName(name)}
          <input
            type="text"
            autocomplete="off"
            spellcheck={false}
            value={typed}
            onInput={({ currentTarget: { value } }) => setTyped(value)}
          />
        </label>
      )}
      <footer>
        <button type="button" onClick={close}>
          {words.cancel}
        </button>
        <button
          type="submit"
          class={isDangerous ? 'danger' : 'main'}
          disabled={!isSayable || !isNamed}
        >
          {doIt}
        </button>
      </footer>
    </form>
  );
}

// A dialog: keys stay in it, Escape closes it, and focus goes back to where it was.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useWords } from '../words/words.ts';

const FIRST = 'form input, form select, form footer button';

export function Dialog({
  title,
  close,
  isWide = false,
  children,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly isWide?: boolean;
  readonly children: ComponentChildren;
}) {
  const words = useWords();
  const place = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    place.current?.showModal();
    // Not the cross: a space that is typed would close it.
    place.current?.querySelector<HTMLElement>(FIRST)?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={place} class={isWide ? 'wide' : ''} aria-labelledby={id} onClose={close}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" onClick={close} aria-label={words.close}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

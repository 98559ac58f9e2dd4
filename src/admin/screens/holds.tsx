// Everything that is held, by whom and why.

import { useState } from 'preact/hooks';
import { fleet } from '../live/live.ts';
import { useMayHold } from '../live/session.ts';
import { NewHold } from '../say/new-hold.tsx';
import { WhenKnown } from '../show/notice.tsx';
import { useStore } from '../store.ts';
import { useWords } from '../words/words.ts';
import { HoldTable } from './hold-table.tsx';

export function HoldsScreen() {
  const words = useWords();
  const { holds } = useStore(fleet);
  const [isOpen, setOpen] = useState(false);
  const may = useMayHold();
  return (
    <div class="screen">
      <div class="bar">
        <h1>{words.holds}</h1>
        <span class="actions">
          {may && (
            <button type="button" onClick={() => setOpen(true)}>
              {words.newHold}
            </button>
          )}
        </span>
      </div>
      <WhenKnown>
        <HoldTable holds={holds} />
      </WhenKnown>
      {isOpen && (
        <NewHold title={words.newHold.replace('…', '')} fixed={[]} close={() => setOpen(false)} />
      )}
    </div>
  );
}

// What may be done with an app: hold it; adopt or delete it where that makes sense.

import { useState } from 'preact/hooks';
import type { AppAnswer } from '../../api/shapes.ts';
import { useIsAdmin, useMayHold } from '../live/session.ts';
import { NewHold } from '../say/new-hold.tsx';
import { SayDialog } from '../say/say-dialog.tsx';
import { useWords } from '../words/words.ts';

type Act = 'hold' | 'adopt' | 'delete';

export function AppActions({ app: { name, refused } }: { readonly app: AppAnswer }) {
  const words = useWords();
  const [act, setAct] = useState<Act>();
  const mayHold = useMayHold();
  const isAdmin = useIsAdmin();
  const code = isAdmin ? refused?.code : undefined;
  return (
    <span class="actions">
      {mayHold && (
        <button type="button" onClick={() => setAct('hold')}>
          {words.holdApp}
        </button>
      )}
      {code === 'owned-by-endpoint' && (
        <button type="button" onClick={() => setAct('adopt')}>
          {words.adopt}
        </button>
      )}
      {code === 'orphaned' && (
        <button type="button" class="danger" onClick={() => setAct('delete')}>
          {words.deleteApp}
        </button>
      )}
      {act && <Acting act={act} name={name} close={() => setAct(undefined)} />}
    </span>
  );
}

function Acting({ act, name, close }: ActParts & { readonly act: Act }) {
  const words = useWords();
  switch (act) {
    case 'hold':
      return <NewHold title={words.holdOf(name)} app={name} fixed={['app']} close={close} />;
    case 'adopt':
      return <Adopt name={name} close={close} />;
    case 'delete':
      return <Delete name={name} close={close} />;
  }
}

interface ActParts {
  readonly name: string;
  readonly close: () => void;
}

function Adopt({ name, close }: ActParts) {
  const words = useWords();
  return (
    <SayDialog
      title={words.adoptTitle(name)}
      close={close}
      doIt={words.doAdopt}
      saying={{ method: 'POST', path: `apps/${encodeURIComponent(name)}/adopt` }}
    />
  );
}

function Delete({ name, close }: ActParts) {
  const words = useWords();
  const path = `apps/${encodeURIComponent(name)}`;
  return (
    <SayDialog
      title={words.deleteTitle(name)}
      close={close}
      doIt={words.doDelete}
      saying={{ method: 'DELETE', path, query: `confirm=${encodeURIComponent(name)}` }}
      name={name}
      isDangerous
    >
      <p>{words.deleteHint}</p>
    </SayDialog>
  );
}

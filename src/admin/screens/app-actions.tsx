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
  const mayHold = useMayHold({ app: name }) || useMayHold();
  const isAdmin = useIsAdmin();
  const isForeign = refused?.code === 'owned-by-endpoint';
  const isOrphaned = refused?.code === 'orphaned';
  const close = () => setAct(undefined);
  return (
    <span class="actions">
      {mayHold && (
        <button type="button" onClick={() => setAct('hold')}>
          {words.holdApp}
        </button>
      )}
      {isAdmin && isForeign && (
        <button type="button" onClick={() => setAct('adopt')}>
          {words.adopt}
        </button>
      )}
      {isAdmin && isOrphaned && (
        <button type="button" class="danger" onClick={() => setAct('delete')}>
          {words.deleteApp}
        </button>
      )}
      {act === 'hold' && (
        <NewHold
          title={`${words.holdApp.replace('…', '')}: ${name}`}
          app={name}
          fixed={['app']}
          close={close}
        />
      )}
      {act === 'adopt' && <Adopt name={name} close={close} />}
      {act === 'delete' && <Delete name={name} close={close} />}
    </span>
  );
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

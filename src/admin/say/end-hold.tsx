import type { LiveHold } from '../live/fleet.ts';
import { useWords } from '../words/words.ts';
import { SayDialog } from './say-dialog.tsx';

export function EndHold({ hold, close }: { readonly hold: LiveHold; readonly close: () => void }) {
  const words = useWords();
  const { id, app = '', cluster = '', server = '', kind, who, why } = hold;
  return (
    <SayDialog
      title={words.endHoldOf(id)}
      close={close}
      doIt={words.doEnd}
      saying={{ method: 'DELETE', path: `holds/${id}` }}
      {...(cluster !== '' && { about: cluster })}
    >
      <p>
        {words.kinds[kind]}, {words.scopeOf(app, cluster, server)}. {who}: {why}
      </p>
    </SayDialog>
  );
}

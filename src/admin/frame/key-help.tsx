import { Dialog } from '../show/dialog.tsx';
import { useWords } from '../words/words.ts';

export function KeyHelp({ close }: { readonly close: () => void }) {
  const words = useWords();
  return (
    <Dialog title={words.keys} close={close}>
      <dl class="keys">
        {Object.entries(words.keyHelp).map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

import { useState } from 'preact/hooks';
import type { ChangeAnswer } from '../../api/history-shapes.ts';
import { useAnswer } from '../live/answer.ts';
import { linkTo } from '../route.ts';
import { Revert } from '../say/revert.tsx';
import { Empty, Loading, Trouble } from '../show/notice.tsx';
import { useWords } from '../words/words.ts';
import { ChangeList } from './change-list.tsx';
import { ShareChart } from './share-chart.tsx';

const KEPT = 100;
const SHOWN = 10;

/** `changed`: another value, and it is read anew. */
export function AppHistory({ app, changed }: { readonly app: string; readonly changed: unknown }) {
  const words = useWords();
  const [reverted, setReverted] = useState<ChangeAnswer>();
  const path = `history?app=${encodeURIComponent(app)}&limit=${KEPT}`;
  const { answer, problem, again } = useAnswer<{ readonly items: readonly ChangeAnswer[] }>(path, {
    changed,
  });
  if (!answer) return problem ? <Trouble problem={problem} again={again} /> : <Loading />;
  const { items } = answer;
  if (items.length === 0) return <Empty>{words.noHistory}</Empty>;
  return (
    <>
      <ShareChart app={app} changes={items} />
      <ChangeList changes={items.slice(0, SHOWN)} isOfOne revert={setReverted} />
      {items.length > SHOWN && <a href={linkTo(['history'], { app })}>{words.more}</a>}
      {reverted && (
        <Revert app={app} version={reverted.version} close={() => setReverted(undefined)} />
      )}
    </>
  );
}

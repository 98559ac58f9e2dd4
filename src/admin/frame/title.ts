// The tab says where one is, and the worst that there is: by its icon, and by a mark before its name.

import { useEffect } from 'preact/hooks';
import bad from '../icons/bad.svg';
import warning from '../icons/warning.svg';
import well from '../icons/well.svg';
import type { Matter } from './attention.ts';

const ICONS = { bad, warning, well } as const;
const MARKS = { bad: '■ ', warning: '▲ ', well: '' } as const;

export function useTitle(matters: readonly Matter[], isLive: boolean, place: string): void {
  const worst = worstOf(matters, isLive);
  useEffect(() => {
    document.title = `${MARKS[worst]}${place} · Ballast`;
    document.getElementById('icon')?.setAttribute('href', ICONS[worst]);
  }, [worst, place]);
}

function worstOf([first]: readonly Matter[], isLive: boolean): keyof typeof ICONS {
  if (first?.tone === 'bad' || !isLive) return 'bad';
  return first ? 'warning' : 'well';
}

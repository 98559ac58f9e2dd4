// An answer of the API that a screen shows beside what the stream tells: asked again when that changes, and
// now and then, for ages and measured shares move without an event.

import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from '../call.ts';
import { asProblem, type Problem } from '../problem.ts';

export interface Answered<Answer> {
  readonly answer?: Answer;
  /** Why the last question had none; the answer before it stays. */
  readonly problem?: Problem;
  readonly again: () => void;
}

/** `changed`: another value, and it is asked at once. */
export function useAnswer<Answer>(
  path: string | undefined,
  { everyMs, changed }: { readonly everyMs?: number; readonly changed?: unknown } = {},
): Answered<Answer> {
  const [state, setState] = useState<{ path?: string; answer?: Answer; problem?: Problem }>({});
  const [asked, setAsked] = useState(0);
  const again = () => setAsked((count) => count + 1);
  const first = useRef(true);
  useEffect(() => {
    if (path === undefined) return undefined;
    const stop = new AbortController();
    // One question for changes that come together.
    const wait = first.current ? 0 : 80;
    first.current = false;
    const timer = setTimeout(() => {
      call<Answer>(path, { signal: stop.signal }).then(
        (answer) => setState({ path, answer }),
        (error) => {
          if (stop.signal.aborted) return;
          const problem = asProblem(error);
          setState((before) => ({ ...(before.path === path && before), path, problem }));
        },
      );
    }, wait);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [path, asked, changed]);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && again(), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const { answer, problem } = state.path === path ? state : {};
  return { ...(answer !== undefined && { answer }), ...(problem && { problem }), again };
}

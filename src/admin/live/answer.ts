// An answer of the API that a screen shows beside what the stream tells: asked again when that changes, and
// now and then, for ages and measured shares move without an event.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../problem.ts';
import { startAsking, type Asking } from './asking.ts';

export interface Answered<Answer> {
  readonly answer?: Answer;
  /** Why the last question had none; the answer before it stays. */
  readonly problem?: Problem;
  readonly again: () => void;
}

interface State<Answer> {
  readonly path?: string;
  readonly answer?: Answer;
  readonly problem?: Problem;
}

/** `changed`: another value, and it is asked again. */
export function useAnswer<Answer>(
  path: string,
  { everyMs, changed }: { readonly everyMs?: number; readonly changed?: unknown } = {},
): Answered<Answer> {
  const [state, setState] = useState<State<Answer>>({});
  const asking = useRef<Asking | undefined>(undefined);
  const seen = useRef(changed);
  useEffect(() => {
    const own = startAsking<Answer>(path, (told) =>
      setState((before) =>
        'answer' in told
          ? { path, ...told }
          : { ...(before.path === path && before), path, ...told },
      ),
    );
    asking.current = own;
    return () => own.stop();
  }, [path]);
  useEffect(() => {
    if (Object.is(seen.current, changed)) return;
    seen.current = changed;
    asking.current?.again();
  }, [changed]);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const look = () => document.visibilityState === 'visible' && asking.current?.again();
    const timer = setInterval(look, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  const { answer, problem } = state.path === path ? state : {};
  return {
    ...(answer !== undefined && { answer }),
    ...(problem && { problem }),
    again: () => asking.current?.again(),
  };
}

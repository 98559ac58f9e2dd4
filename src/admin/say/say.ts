// A word of a person, from the look at what it would change to the last edge that has it.
//
// Comes in: what is to be said. Goes out: its preview, then how far it is. On failure: the API's problem, and
// nothing was written; a wait that ends says which edges are missing, for the word stands.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { PreviewAnswer, StandingHoldAnswer, WrittenAnswer } from '../../api/shapes.ts';
import { call, newKey } from '../call.ts';
import { asProblem, type Problem } from '../problem.ts';

export interface Saying {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  readonly query?: string;
  readonly body?: object;
  /** No edge has to have it. */
  readonly isForNoEdge?: boolean;
}

export type Acknowledged = Pick<StandingHoldAnswer, 'acknowledged' | 'edges'>;

export type Progress =
  | { readonly step: 'asking' }
  | { readonly step: 'sending' }
  | {
      readonly step: 'waiting' | 'done';
      readonly written: WrittenAnswer;
      readonly now: Acknowledged;
    }
  | { readonly step: 'failed'; readonly problem: Problem };

/** Holds can be asked for again and again; whatever else is said is waited for in one call. */
const LOOK = 'wait=1s';
const LONG = 'wait=60s';
const SETTLE_MS = 250;

export function usePreview(saying: Saying | undefined) {
  const [state, setState] = useState<{ preview?: PreviewAnswer; problem?: Problem }>({});
  const key = saying && JSON.stringify(saying);
  useEffect(() => {
    setState({});
    if (!saying) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      send<PreviewAnswer>(saying, { query: 'dryRun=true', signal: stop.signal }).then(
        (preview) => setState({ preview }),
        (error) => !stop.signal.aborted && setState({ problem: asProblem(error) }),
      );
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key]);
  const isLooking = saying !== undefined && !state.preview && !state.problem;
  return { ...state, isLooking };
}

export function useSay(saying: Saying | undefined) {
  const [progress, setProgress] = useState<Progress>({ step: 'asking' });
  const life = useRef(new AbortController());
  // Tried again it is the same word, under the same key: it may have been written unheard.
  const said = useRef<Said | undefined>(undefined);
  // Nobody waits for it any more; what was said stands.
  useEffect(() => () => life.current.abort(), []);
  const say = async (): Promise<void> => {
    if (!saying) return;
    setProgress({ step: 'sending' });
    said.current ??= { saying, key: newKey() };
    try {
      await follow(said.current, life.current.signal, setProgress);
    } catch (error) {
      if (!life.current.signal.aborted) setProgress({ step: 'failed', problem: asProblem(error) });
    }
  };
  return { progress, say };
}

interface Said {
  readonly saying: Saying;
  readonly key: string;
}

async function follow(
  { saying, key }: Said,
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<void> {
  const isHold = saying.method === 'POST' && saying.body !== undefined;
  const query = isHold || saying.isForNoEdge ? '' : LONG;
  const written = await send<WrittenAnswer>(saying, { query, signal, key });
  const [id] = written.ids ?? [];
  let now: Acknowledged = written;
  while (isHold && id !== undefined && !now.acknowledged && !signal.aborted) {
    tell({ step: 'waiting', written, now });
    now = await call<StandingHoldAnswer>(`holds/${id}?${LOOK}`, { signal });
  }
  tell({ step: 'done', written, now });
}

function send<Answer>(
  { method, path, query = '', body }: Saying,
  how: { readonly query: string; readonly signal: AbortSignal; readonly key?: string },
): Promise<Answer> {
  const search = [query, how.query].filter(Boolean).join('&');
  return call<Answer>(`${path}${search === '' ? '' : `?${search}`}`, {
    method,
    signal: how.signal,
    ...(body && { body }),
    ...(method === 'POST' && how.key !== undefined && { key: how.key }),
  });
}

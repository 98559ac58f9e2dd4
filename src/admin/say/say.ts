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
  /** It ends a hold: there is none to ask for again. */
  readonly isEnd?: boolean;
}

export type Acknowledged = Pick<StandingHoldAnswer, 'acknowledged' | 'edges'>;

export type Progress =
  | { readonly step: 'asking'; readonly refusal?: Problem }
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
/** A word with allowEmpty passes them. */
const GUARDED = ['would-empty', 'too-few-clusters', 'too-few-servers'];

interface Looked {
  readonly preview?: PreviewAnswer;
  readonly problem?: Problem;
}

export function usePreview(saying: Saying | undefined) {
  const [state, setState] = useState<Looked>({});
  const key = saying && JSON.stringify(saying);
  useEffect(() => {
    setState({});
    if (!saying) return undefined;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      void look(saying, stop.signal).then((seen) => !stop.signal.aborted && setState(seen));
    }, SETTLE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key]);
  const isLooking = saying !== undefined && !state.preview && !state.problem;
  return { ...state, isLooking };
}

/** Of what the guard refuses it is shown all the same what it would come to. */
async function look(saying: Saying, signal: AbortSignal): Promise<Looked> {
  const ask = (asked: Saying) => send<PreviewAnswer>(asked, { query: 'dryRun=true', signal });
  try {
    return { preview: await ask(saying) };
  } catch (error) {
    const problem = asProblem(error);
    if (saying.path !== 'holds' || !GUARDED.includes(problem.code)) return { problem };
    const unguarded = { ...saying, body: { ...saying.body, allowEmpty: true } };
    const preview = await ask(unguarded).catch(() => undefined);
    return { problem, ...(preview && { preview }) };
  }
}

export function useSay(saying: Saying | undefined) {
  const [progress, setProgress] = useState<Progress>({ step: 'asking' });
  const life = useRef(new AbortController());
  // Tried again it is the same word, under the same key: it may have been written unheard.
  const said = useRef<Said | undefined>(undefined);
  const key = JSON.stringify(saying);
  // Nobody waits for it any more; what was said stands.
  useEffect(() => () => life.current.abort(), []);
  // What was refused is not what is asked for now.
  useEffect(() => setProgress((now) => (now.step === 'asking' ? { step: 'asking' } : now)), [key]);
  const say = async (): Promise<void> => {
    if (!saying) return;
    setProgress({ step: 'sending' });
    said.current ??= { saying, key: newKey() };
    const { signal } = life.current;
    try {
      const written = await write(said.current, signal);
      await follow({ saying: said.current.saying, written }, signal, setProgress);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refused)) {
        return setProgress({ step: 'failed', problem: asProblem(error) });
      }
      said.current = undefined;
      setProgress({ step: 'asking', refusal: error.cause });
    }
  };
  return { progress, say };
}

interface Said {
  readonly saying: Saying;
  readonly key: string;
}

/** It was not written, and that is known. */
class Refused extends Error {
  override readonly cause: Problem;

  constructor(cause: Problem) {
    super(cause.message);
    this.cause = cause;
  }
}

async function write({ saying, key }: Said, signal: AbortSignal): Promise<WrittenAnswer> {
  const query = isHold(saying) || saying.isForNoEdge ? '' : LONG;
  return send<WrittenAnswer>(saying, { query, signal, key }).catch((error: unknown) => {
    const problem = asProblem(error);
    const { status, code } = problem;
    const isRefused = status >= 400 && status < 500 && code !== 'key-pending';
    throw isRefused ? new Refused(problem) : error;
  });
}

function isHold({ method, body, isEnd = false }: Saying): boolean {
  return method === 'POST' && body !== undefined && !isEnd;
}

async function follow(
  { saying, written }: { readonly saying: Saying; readonly written: WrittenAnswer },
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<void> {
  const [id] = written.ids ?? [];
  let now: Acknowledged = written;
  while (isHold(saying) && id !== undefined && !now.acknowledged && !signal.aborted) {
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

// The faults a test can command. A fault is aimed (kinds, verbs, how often, from where) and lasts until
// it is cleared or has been used up.
import type { Verb } from './request-path.ts';

interface Aim {
  /** Plural names (`pods`); absent: all, also `/version` and `/readyz`. */
  readonly resources?: readonly string[];
  /** Absent: everywhere, also what stands in no namespace. */
  readonly namespaces?: readonly string[];
  /** Absent: all verbs the fault has a meaning for. */
  readonly verbs?: readonly Verb[];
  /** How many requests or events it strikes before it is over; absent: until cleared. */
  readonly times?: number;
  /** `outside` (the usual) spares clients that use the inside URL, as ingress controllers do. */
  readonly from?: 'outside' | 'anywhere';
}

export type Fault = Aim &
  (
    | { /** No listener, and open connections are cut. */ readonly kind: 'refuse' }
    | {
        /** TCP reset: at once for open watches it is aimed at, then for each request. */ readonly kind: 'reset';
      }
    | {
        /** Requests are never answered; open watches fall silent until cleared. */ readonly kind: 'hang';
      }
    | {
        /** Not a byte any more and no close, also after clear(); `all`: new connections too. */
        readonly kind: 'half-open';
        readonly connections?: 'open' | 'all';
      }
    | {
        readonly kind: 'status';
        readonly code: 400 | 401 | 403 | 404 | 410 | 422 | 429 | 500 | 502 | 503 | 504;
        readonly retryAfterSeconds?: number;
      }
    | {
        /** Too old: a list gets HTTP 410, a watch HTTP 200 and an ERROR event with code 410. */ readonly kind: 'expired';
      }
    | {
        /** Watches, open ones too, get an ERROR event and end. */ readonly kind: 'error-event';
        readonly code: number;
        readonly retryAfterSeconds?: number;
      }
    | { /** A list's body, or a watch's line, ends in the middle. */ readonly kind: 'broken-json' }
    | { /** HTTP 200 with a web page, as a captive proxy answers. */ readonly kind: 'html' }
    | {
        /** Each event is followed by the older state of the same object. */ readonly kind: 'disorder';
      }
    | { /** Each event comes twice. */ readonly kind: 'duplicate' }
    | {
        /** Lists, also those that come as a watch, are well formed and without items. */
        readonly kind: 'empty-list';
      }
    | {
        /** The last page of a list is missing, and the one before ends the list; as a watch: the last third. */
        readonly kind: 'page-short';
      }
    | {
        /** The server's clock is wrong: so are its headers and the times in its objects. */
        readonly kind: 'time-skew';
        readonly byMs: number;
      }
    | {
        /** Bodies arrive in pieces. */ readonly kind: 'drip';
        readonly bytes?: number;
        readonly everyMs?: number;
      }
    | {
        /** A restored etcd: objects and counter are set back, connections cut. Not undone by clear(). */ readonly kind: 'restored';
        readonly toVersion: number;
      }
  );

export type FaultKind = Fault['kind'];
export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

export interface ClearFault {
  readonly clear: () => Promise<void>;
}

/** What a fault is held against: one request, or one event of a watch. */
export interface FaultSubject {
  readonly resource: string | undefined;
  readonly namespace?: string | undefined;
  readonly verb: Verb;
  readonly inside: boolean;
}

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

export interface FaultBoard {
  readonly active: Set<ActiveFault>;
  /** Called after each change, so that open watches notice. */
  readonly watchers: Set<() => void>;
}

export function createFaultBoard(): FaultBoard {
  return { active: new Set(), watchers: new Set() };
}

export function addFault(board: FaultBoard, fault: Fault): () => void {
  const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
  board.active.add(entry);
  for (const watcher of board.watchers) watcher();
  return () => {
    board.active.delete(entry);
    for (const watcher of board.watchers) watcher();
  };
}

/** The first fault of these kinds that strikes the subject; taking it counts against its `times`. */
export function takeFault<K extends FaultKind>(
  board: FaultBoard,
  subject: FaultSubject,
  ...kinds: readonly K[]
): FaultOf<K> | undefined {
  for (const entry of board.active) {
    if (!(kinds as readonly FaultKind[]).includes(entry.fault.kind)) continue;
    if (!isAimedAt(entry.fault, subject)) continue;
    entry.left--;
    if (entry.left <= 0) board.active.delete(entry);
    return entry.fault as FaultOf<K>;
  }
  return undefined;
}

/** As takeFault, without counting: for a state that lasts, such as a hanging watch. */
export function findFault<K extends FaultKind>(
  board: FaultBoard,
  subject: FaultSubject,
  kind: K,
): FaultOf<K> | undefined {
  for (const { fault } of board.active) {
    if (fault.kind === kind && isAimedAt(fault, subject)) return fault as FaultOf<K>;
  }
  return undefined;
}

export function hasFault(board: FaultBoard, subject: FaultSubject, kind: FaultKind): boolean {
  return findFault(board, subject, kind) !== undefined;
}

export function isAimedAt(fault: Fault, subject: FaultSubject): boolean {
  if (subject.inside && fault.from !== 'anywhere') return false;
  if (fault.verbs && !fault.verbs.includes(subject.verb)) return false;
  return isOf(fault.namespaces, subject.namespace) && isOf(fault.resources, subject.resource);
}

function isOf(names: readonly string[] | undefined, name: string | undefined): boolean {
  return names === undefined || (name !== undefined && names.includes(name));
}

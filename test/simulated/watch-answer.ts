// From a watch request to its order, or to the answer that refuses it.
import { matcherOf } from './list-answer.ts';
import type { WatchOrder } from './open-watch.ts';
import type { ApiRequest } from './request-path.ts';
import type { Answer } from './status-answer.ts';
import { statusAnswer } from './status-answer.ts';

export interface WatchLimits {
  readonly bookmarkEveryMs: number;
  /** Whether sendInitialEvents is served; older servers refuse it. */
  readonly watchList: boolean;
  /** Servers that are older still do not know it, and answer as to any watch. */
  readonly ignoresInitialEvents?: boolean;
  /** Without timeoutSeconds. */
  readonly defaultTimeoutMs: number;
}

export function readWatchOrder(request: ApiRequest, limits: WatchLimits): WatchOrder | Answer {
  const { kind, query } = request;
  const matches = matcherOf(request);
  if (!kind) return statusAnswer(404, 'the server could not find the requested resource');
  if (!matches) return statusAnswer(400, 'unable to parse requirement of a selector');
  const refusal = refuseInitialEvents(query, limits);
  if (refusal) return refusal;
  const wanted = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(wanted)) return statusAnswer(400, `invalid resource version "${wanted}"`);
  const initial = limits.ignoresInitialEvents ? null : query.get('sendInitialEvents');
  const fromPresent = initial === 'true' || (initial === null && (wanted === '' || wanted === '0'));
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  return {
    kind,
    matches,
    from: fromPresent ? undefined : Number(wanted),
    bookmarks: query.get('allowWatchBookmarks') === 'true',
    markInitialEvents: initial === 'true',
    timeoutMs: seconds > 0 ? seconds * 1000 : limits.defaultTimeoutMs,
    bookmarkEveryMs: limits.bookmarkEveryMs,
  };
}

function refuseInitialEvents(query: URLSearchParams, limits: WatchLimits): Answer | undefined {
  if (limits.ignoresInitialEvents) return undefined;
  const initial = query.get('sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  if (initial === null) {
    if (match === '') return undefined;
    return statusAnswer(
      422,
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    );
  }
  if (!limits.watchList) {
    return statusAnswer(
      422,
      'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
    );
  }
  if (match === 'NotOlderThan') return undefined;
  return statusAnswer(
    422,
    'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  );
}

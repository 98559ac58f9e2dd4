// Events of the home cluster, as `kubectl get events` shows them.
//
// Comes in: an event with how often it came since it was last written. Goes out: an Event object, or a
// higher count of the one that is there. On failure: a CallFailure where the cluster is in trouble, `refused`
// in its own words where a right or the namespace is missing.

import { timeText } from '../clock.ts';
import { CallFailure } from './call-failure.ts';
import { askJson, type JsonAnswer } from './json-answer.ts';
import { loadCluster } from './kubeconfig.ts';
import { LIMITS } from './limits.ts';
import { Link, type Message } from './link.ts';
import type { HomeSettings } from './settings.ts';
import type { ClusterWorld } from './world.ts';

export interface WantedEvent {
  /** Of the Event object: the same for what is to be counted together. */
  readonly name: string;
  readonly about: { readonly kind: string; readonly name: string };
  readonly type: 'Normal' | 'Warning';
  /** One word in camel case. */
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** Milliseconds of the time of day. */
  readonly first: number;
  readonly last: number;
}

export interface EventWriter {
  write(event: WantedEvent): Promise<{ readonly refused?: string }>;
  close(): Promise<void>;
}

export type EventHome = Pick<HomeSettings, 'kubeconfig' | 'inCluster'> & {
  readonly namespace: string;
};

const ANSWER_MS = 5000;
/** Each lost race is one count of somebody else's. */
const TRIES = 5;

/** Throws what is wrong with the kubeconfig. */
export async function openEventWriter(home: EventHome, world: ClusterWorld): Promise<EventWriter> {
  const load = () => loadCluster({ name: 'of telemetry.events', ...home }, world);
  const link = new Link(await load(), load, { ...world, limits: { ...LIMITS, ...world.limits } });
  const { namespace } = home;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
  const ask = (message: Message): Promise<JsonAnswer> =>
    askJson(link, message, AbortSignal.timeout(ANSWER_MS));

  /** 404: it is gone by now, as Events are after an hour. 409: somebody else counted. */
  const raise = async (event: WantedEvent): Promise<JsonAnswer> => {
    const at = `${path}/${encodeURIComponent(event.name)}`;
    const found = await ask({ path: at });
    if (found.status !== 200) return found;
    const { count, metadata } = found.json as Stored;
    return ask({
      path: at,
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: {
        metadata: { resourceVersion: metadata?.resourceVersion },
        count: (count ?? 1) + event.count,
        lastTimestamp: timeText(event.last),
        message: event.message,
      },
    });
  };

  return {
    async write(event) {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const made = await ask({ path, body: bodyOf(event, namespace) });
        if (made.status < 300) return {};
        // 404 here is the namespace.
        if (made.status !== 409) return refused(made);
        const raised = await raise(event);
        if (raised.status < 300) return {};
        if (raised.status !== 404 && raised.status !== 409) return refused(raised);
      }
      throw new CallFailure({ text: 'others count the same Event all the time', scope: 'kind' });
    },
    close: () => link.close(),
  };
}

interface Stored {
  readonly count?: number;
  readonly metadata?: { readonly resourceVersion?: string };
}

function refused({ status, json }: JsonAnswer): { readonly refused: string } {
  const { message } = json;
  return { refused: typeof message === 'string' ? message : `HTTP ${status}` };
}

function bodyOf(event: WantedEvent, namespace: string): object {
  const { name, about, type, reason, message, count, first, last } = event;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    // No such kind is served: it names what the words are about.
    involvedObject: { apiVersion: 'ballast.io/v1', ...about, namespace },
    type,
    reason,
    message,
    count,
    firstTimestamp: timeText(first),
    lastTimestamp: timeText(last),
    source: { component: 'ballast' },
    reportingComponent: 'ballast',
    reportingInstance: '',
  };
}

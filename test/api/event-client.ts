// A client of the event stream over a real connection.

import { request } from 'undici';

export interface Event {
  readonly id: string;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any;
}

export interface EventClient {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly events: readonly Event[];
  /** Resolves when the server has ended the stream; rejects when it was cut. */
  readonly ended: Promise<void>;
  close(): void;
}

export async function openEvents(
  url: string,
  headers: Record<string, string> = {},
): Promise<EventClient> {
  const stop = new AbortController();
  const {
    statusCode,
    body,
    headers: told,
  } = await request(`${url}/api/v1/events`, {
    headers,
    signal: stop.signal,
    bodyTimeout: 0,
  });
  if (statusCode !== 200) throw new Error(`status ${statusCode}: ${await body.text()}`);
  const events: Event[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of body.setEncoding('utf8')) {
      text += String(chunk);
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) if (!part.startsWith(':')) events.push(parse(part));
    }
  };
  const ended = read();
  ended.catch(() => undefined);
  return { headers: told, events, ended, close: () => stop.abort() };
}

function parse(text: string): Event {
  const [, id = '', event = '', data = ''] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(text) ?? [];
  return { id, event, data: JSON.parse(data) };
}

// A watch's body as events, line by line.

import type { Raw } from './records.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Raw }
  | { readonly type: 'ERROR'; readonly object: RawStatus };

export interface RawStatus {
  readonly code?: number;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** A whole line that is no event: skipping it would lose the event for good. */
export class BrokenLine extends Error {}

const TYPES = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/** Events of whole lines. A last line that was cut off is no event and no error: it comes again. */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  heard: () => void,
): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    heard();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield parseEvent(line);
  }
}

function parseEvent(line: string): WatchEvent {
  try {
    const event = JSON.parse(line) as WatchEvent;
    if (TYPES.has(event.type) && typeof event.object === 'object') return event;
  } catch (cause) {
    throw new BrokenLine('a broken line in a watch', { cause });
  }
  throw new BrokenLine('a line in a watch that is no event');
}

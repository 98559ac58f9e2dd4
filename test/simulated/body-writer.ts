// Writes a body, whole or in drips. One idea, because a drip must outlive the request's handler and end
// with its connection.
import type { ServerResponse } from 'node:http';
import type { FaultOf } from './faults.ts';

export interface BodyWriter {
  write(text: string): void;
  /** Where much is unread: when the client has read it, or is gone. */
  full(): Promise<void> | undefined;
  end(): void;
}

/** A client that does not read loses its connection here, as the real server ends slow watches. */
const UNREAD_LIMIT = 64 * 1024 * 1024;
/** Who may wait does not write more than this at once. */
const FULL = 1024 * 1024;

export function createBodyWriter(
  res: ServerResponse,
  drip: FaultOf<'drip'> | undefined,
): BodyWriter {
  if (drip) return createDrip(res, drip);
  return {
    write(text) {
      if (res.destroyed || res.writableEnded) return;
      // One answer may be bigger than that.
      if (res.writableLength > UNREAD_LIMIT) res.destroy();
      else res.write(text);
    },
    full() {
      if (res.destroyed || res.writableLength < FULL) return undefined;
      return new Promise((resolve) => {
        const go = (): void => {
          res.off('drain', go).off('close', go);
          resolve();
        };
        res.on('drain', go).on('close', go);
      });
    },
    end() {
      if (!res.destroyed && !res.writableEnded) res.end();
    },
  };
}

function createDrip(res: ServerResponse, drip: FaultOf<'drip'>): BodyWriter {
  const bytes = drip.bytes ?? 16;
  let waiting = Buffer.alloc(0);
  let ended = false;
  const timer = setInterval(() => {
    if (waiting.length > 0) res.write(waiting.subarray(0, bytes));
    waiting = waiting.subarray(bytes);
    if (!ended || waiting.length > 0) return;
    clearInterval(timer);
    res.end();
  }, drip.everyMs ?? 20);
  res.on('close', () => clearInterval(timer));
  return {
    write(text) {
      waiting = Buffer.concat([waiting, Buffer.from(text)]);
    },
    full: () => undefined,
    end() {
      ended = true;
    },
  };
}

// Server-sent events out of a stream of bytes. EventSource would not send a token.

export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** `seen` is called for each event, `alive` for any bytes. Resolves at the end of the stream. */
export async function readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { seen, alive }: { readonly seen: (event: StreamEvent) => void; readonly alive: () => void },
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    text += value;
    const end = text.lastIndexOf('\n\n');
    if (end < 0) continue;
    for (const block of text.slice(0, end).split('\n\n')) {
      const event = readBlock(block);
      if (event) seen(event);
    }
    text = text.slice(end + 2);
  }
}

function readBlock(block: string): StreamEvent | undefined {
  const found: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    if (at > 0) found[line.slice(0, at)] = line.slice(at + 2);
  }
  const { id = '', event, data } = found;
  return event !== undefined && data !== undefined ? { id, event, data } : undefined;
}

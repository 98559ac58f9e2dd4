// Things that are closed at the end, the last first, whatever happens.
interface Closable {
  close(): Promise<void>;
}

export type Own = <Thing extends Closable>(thing: Promise<Thing>) => Promise<Thing>;

export async function using<Result>(work: (own: Own) => Promise<Result>): Promise<Result> {
  const owned: Closable[] = [];
  try {
    return await work(async (thing) => {
      const started = await thing;
      owned.push(started);
      return started;
    });
  } finally {
    for (const thing of owned.toReversed()) await thing.close();
  }
}

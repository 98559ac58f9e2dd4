// The pages that jobs share, in memory. They serve tests and the simulation, and pass
// test/conformance/shared-pages.ts as those on Redis do.

import type { MemoryStore } from '../edges/memory.ts';
import { refusalIn } from './memory-journal.ts';
import type { SharedPage, SharedPages } from './shared-pages.ts';

export interface MemoryPages extends SharedPages {
  /** All that is in them; undefined: it is lost. What is written later changes nothing in a dump. */
  dump(): PagesDump;
  load(dump: PagesDump | undefined): void;
}

/** As JSON: nobody shares an object with them. */
export type PagesDump = ReadonlyMap<string, string>;

const NOTHING: PagesDump = new Map();

/** `store`: in which the lease was taken. */
export function openMemoryPages(store: Pick<MemoryStore, 'refuses'>): MemoryPages {
  let pages = NOTHING;
  const pageOf = (text: string): SharedPage => JSON.parse(text) as SharedPage;
  return {
    dump: () => pages,
    load(dump = NOTHING) {
      pages = dump;
    },
    async read() {
      return new Map([...pages].map(([name, text]) => [name, pageOf(text)]));
    },
    async write(lease, name, { revision, content }) {
      const refused = refusalIn(store, lease);
      if (refused) return refused;
      const text = pages.get(name);
      const stands = text === undefined ? 0 : pageOf(text).revision;
      if (stands !== revision) return { refused: 'job-moved', detail: String(stands) };
      pages = new Map(pages).set(name, JSON.stringify({ revision: revision + 1, content }));
      return undefined;
    },
  };
}

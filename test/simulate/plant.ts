// Plants a bug: as files are loaded, text in them is replaced. So no file of src knows of it.
//
// Comes in: which text of which file becomes what. Goes out: programs that are loaded from then on have
// it. On failure: a text that is not there, or there twice, is an error: the bug has to be written anew.

import { registerHooks } from 'node:module';

export interface PlantedBug {
  readonly name: string;
  readonly changes: readonly Change[];
}

interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const change = (file: string, from: string, to: string): Change => ({ file, from, to });
export const bug = (name: string, ...changes: readonly Change[]): PlantedBug => ({ name, changes });

const ROOT = new URL('../../', import.meta.url).href;

export function plant({ name, changes }: PlantedBug): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const own = changes.filter(({ file }) => url === ROOT + file);
      if (own.length === 0) return loaded;
      let source = String(
        loaded.source instanceof Uint8Array
          ? new TextDecoder().decode(loaded.source)
          : loaded.source,
      );
      for (const { file, from, to } of own) {
        if (source.split(from).length !== 2)
          throw new Error(`${name}: ${file} has not once: ${from}`);
        source = source.replace(from, () => to);
      }
      return { ...loaded, source };
    },
  });
}

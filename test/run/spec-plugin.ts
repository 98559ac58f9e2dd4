// Lets vitest load a Lua spec: the file becomes a module that declares its tests (busted.ts).
import { join } from 'node:path';

const declarer = join(import.meta.dirname, 'busted.ts');

export function luaSpecs() {
  return {
    name: 'lua-specs',
    enforce: 'pre' as const,
    load(id: string): string | undefined {
      const file = id.split('?')[0] ?? id;
      if (!file.endsWith('_spec.lua')) return undefined;
      return `import { declareSpecs } from ${JSON.stringify(declarer)};
await declareSpecs(${JSON.stringify(file)});`;
    },
  };
}

// All checks of `npm run lint`, by name.
import type { Check } from './files.ts';
import { luaPlaces, luaRequires } from './lua.ts';
import { fileNames, glossary, topLevel } from './names.ts';
import { purity } from './purity.ts';
import { biome, luacheck, oxlint } from './tools.ts';
import { erasable, relativeImports } from './typescript.ts';

export const checks: Readonly<Record<string, Check>> = {
  'rules (oxlint)': oxlint,
  'format (biome)': biome,
  luacheck,
  'imports name files': relativeImports,
  'types only': erasable,
  'pure files': purity,
  'Lua requires': luaRequires,
  'Lua places': luaPlaces,
  glossary,
  'file names': fileNames,
  'top level': topLevel,
};

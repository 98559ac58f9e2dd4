// What a step of a move does, in words. Pure.

import type { PlannedApp } from '../../migration/plan/model.ts';
import type { Words } from '../words/words.ts';
import { nameOf } from './objects.ts';

/** `apply.3` as `Write Deployment prod/shop`. */
export function labelOf(words: Words, app: PlannedApp, name: string): string {
  const [verb = '', part = ''] = name.split('.');
  const said = words.moveSteps[verb] ?? name;
  return part === '' ? said : `${said} ${partOf(words, app, { verb, part })}`;
}

function partOf(
  words: Words,
  { objects }: PlannedApp,
  { verb, part }: { readonly verb: string; readonly part: string },
): string {
  if (verb === 'shift' || (verb === 'return' && /^[0-9]+$/.test(part)))
    return words.percentOver(part);
  const object = objects.find(({ step }) => `${step}` === part);
  if (object) return nameOf({ ...object.manifest });
  return words.moveBack[part] ?? part;
}

// Steps that are no JSON patches by themselves. Each changes a copy that the caller owns, and answers
// with what is wrong, or with what a person should know.

import { parse, stringify } from 'yaml';
import { isMap } from '../document.ts';
import { podPath } from '../kinds.ts';
import { KUBERNETES_YAML } from '../kubernetes-yaml.ts';
import type {
  FieldStep,
  ImageStep,
  Manifest,
  PairsStep,
  WarningCode,
  WordsStep,
} from '../model.ts';
import { containersOf, type Reach } from './containers.ts';
import { changeImage } from './image.ts';
import { applyStep, valueAt } from './json-patch.ts';
import { pointerOf } from './json-pointer.ts';

export interface StepResult {
  readonly fault?: string;
  readonly notes?: readonly { readonly code: WarningCode; readonly text: string }[];
}

const DONE: StepResult = {};

export function applyImage(object: Manifest, step: ImageStep, reach: Reach): StepResult {
  if (step.at !== undefined) return imageAt(object, step.at, step);
  const containers = containersOf(object, reach);
  if (containers.length === 0) return withoutContainers(object, 'image');
  const notes = beyond(object, 'image');
  for (const { tokens, container } of containers) {
    const image = container['image'] ?? '';
    const { fault, notes: told = [] } = setImage(container, image, {
      step,
      place: pointerOf(tokens),
    });
    if (fault !== undefined) return { fault };
    notes.push(...told);
  }
  return { notes };
}

type Note = NonNullable<StepResult['notes']>[number];

/** Karmada's own image, command and args steps do not reach these. */
const BEYOND = new Set(['CronJob', 'Rollout']);

function beyond({ kind, metadata }: Manifest, what: string): Note[] {
  if (!BEYOND.has(kind)) return [];
  const text = `Karmada itself would leave the ${what} of ${kind} ${metadata.name} as it is`;
  return [{ code: 'other-than-original', text }];
}

function imageAt(object: Manifest, path: string, step: ImageStep): StepResult {
  const image = valueAt(object, path);
  if (typeof image !== 'string') return { fault: `${path}: there is no text` };
  const changed = changeImage(image, step);
  if (!changed.ok) return { fault: `${path}: ${changed.text}` };
  const patch = { kind: 'json', operator: 'replace', path, value: changed.image } as const;
  const fault = applyStep(object, patch, 'fail');
  return fault === undefined ? noteOf(changed.dropped, path) : { fault };
}

function setImage(
  container: Record<string, unknown>,
  image: unknown,
  { step, place }: { readonly step: ImageStep; readonly place: string },
): StepResult {
  const changed = changeImage(typeof image === 'string' ? image : '', step);
  if (!changed.ok) return { fault: `${place}/image: ${changed.text}` };
  container['image'] = changed.image;
  return noteOf(changed.dropped, `${place}/image`);
}

function noteOf(dropped: string | undefined, place: string): StepResult {
  if (dropped === undefined) return DONE;
  const text = `${place}: ${dropped} is no tag, and is dropped`;
  return { notes: [{ code: 'image-no-effect', text }] };
}

/** Worth a word only where there are pods. */
function withoutContainers(object: Manifest, what: string): StepResult {
  if (podPath(object) === undefined) return DONE;
  const why =
    isMap(object['spec']) && isMap(object['spec']['workloadRef'])
      ? 'its template is in another object'
      : 'its containers are out of reach';
  const text = `the ${what} of ${object.kind} ${object.metadata.name} stays: ${why}`;
  return { notes: [{ code: 'image-no-effect', text }] };
}

/** Every item that equals one of the values is removed; an absent list is made by both. */
export function applyWords(object: Manifest, step: WordsStep, reach: Reach): StepResult {
  const containers = containersOf(object, reach);
  if (containers.length === 0) return withoutContainers(object, step.kind);
  const found = containers.filter(({ container }) => container['name'] === step.container);
  for (const { container } of found) {
    const written: unknown = container[step.kind] ?? [];
    const words = Array.isArray(written) ? written.map(String) : [];
    container[step.kind] =
      step.operator === 'add'
        ? [...words, ...step.value]
        : words.filter((word) => !step.value.includes(word));
  }
  if (found.length > 0) return { notes: beyond(object, step.kind) };
  const text = `${object.kind} ${object.metadata.name} has no container ${step.container}`;
  return { notes: [{ code: 'has-no-effect', text }] };
}

/** Of the object itself, not of its pods. Remove does not look at the value. */
export function applyPairs(object: Manifest, step: PairsStep): StepResult {
  const metadata = object.metadata as Record<string, unknown>;
  const written = metadata[step.kind];
  const pairs = isMap(written) ? { ...written } : {};
  for (const [key, value] of Object.entries(step.value)) {
    const present = Object.hasOwn(pairs, key);
    if (step.operator === 'remove') delete pairs[key];
    else if (step.operator === 'add' || present) pairs[key] = value;
  }
  if (isMap(written) || Object.keys(pairs).length > 0) metadata[step.kind] = pairs;
  return DONE;
}

export function applyField(object: Manifest, step: FieldStep): StepResult {
  const text = valueAt(object, step.path);
  if (typeof text !== 'string') return { fault: `${step.path}: there is no text` };
  const value = parsed(text, step.format);
  if (value === undefined) return { fault: `${step.path}: is not ${step.format.toUpperCase()}` };
  for (const one of step.steps) {
    const fault = applyStep(value, one, 'fail');
    if (fault !== undefined) return { fault: `${step.path}: ${fault}` };
  }
  const back = step.format === 'json' ? JSON.stringify(value) : stringify(value);
  const patch = { kind: 'json', operator: 'replace', path: step.path, value: back } as const;
  const fault = applyStep(object, patch, 'fail');
  return fault === undefined ? DONE : { fault };
}

function parsed(text: string, format: 'json' | 'yaml'): unknown {
  try {
    return format === 'json' ? JSON.parse(text) : parse(text, KUBERNETES_YAML);
  } catch {
    return undefined;
  }
}

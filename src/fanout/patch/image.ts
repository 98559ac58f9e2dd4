// An image's name in its parts, and one part changed, as Karmada does it: text is put beside text, and
// what comes out is not looked at again.
//
// A tag and a digest displace each other; a tag that is none is dropped without a word.

import type { ImageStep } from '../model.ts';

interface Parts {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const DOMAIN =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d+)?$/;

export type ChangedImage =
  | { readonly ok: true; readonly image: string; readonly dropped?: string }
  | { readonly ok: false; readonly text: string };

export function changeImage(image: string, step: ImageStep): ChangedImage {
  const parts = partsOf(image);
  if (!parts) return { ok: false, text: `${image === '' ? 'an empty text' : image} is no image` };
  switch (step.component) {
    case 'Registry':
      return done({ ...parts, registry: changed(parts.registry, step) });
    case 'Repository':
      return done({ ...parts, repository: changed(parts.repository, step) });
    case 'Tag':
      return withTag(parts, step);
  }
}

function changed(part: string, { operator, value }: ImageStep): string {
  if (operator === 'remove') return '';
  return operator === 'add' ? part + value : value;
}

function withTag(parts: Parts, step: ImageStep): ChangedImage {
  const { tag, digest } = parts;
  if (step.operator === 'remove') {
    return done(tag === '' ? { ...parts, digest: '' } : { ...parts, tag: '' });
  }
  const wanted = changed(tag === '' ? digest : tag, step);
  if (TAG.test(wanted)) return done({ ...parts, tag: wanted, digest: '' });
  if (DIGEST.test(wanted)) return done({ ...parts, tag: '', digest: wanted });
  return { ok: true, image: textOf(parts), dropped: wanted };
}

const done = (parts: Parts): ChangedImage => ({ ok: true, image: textOf(parts) });

function textOf({ registry, repository, tag, digest }: Parts): string {
  const name = registry === '' ? repository : `${registry}/${repository}`;
  if (tag !== '') return `${name}:${tag}`;
  return digest === '' ? name : `${name}@${digest}`;
}

/** Undefined where the text is no image. An image with both has a tag only, from here on. */
function partsOf(image: string): Parts | undefined {
  const [named, digest] = cutAt(image, image.indexOf('@'));
  // A colon before the last slash is a port.
  const [name, tag] = cutAt(named, named.indexOf(':', named.lastIndexOf('/') + 1));
  const registry = registryOf(name);
  const repository = name.slice(registry === '' ? 0 : registry.length + 1);
  if (!isAbsentOr(DIGEST, digest) || !isAbsentOr(TAG, tag)) return undefined;
  if (!isName(registry, repository)) return undefined;
  return { registry, repository, tag: tag ?? '', digest: tag === undefined ? (digest ?? '') : '' };
}

const isAbsentOr = (form: RegExp, text: string | undefined): boolean =>
  text === undefined || form.test(text);

/** What stands after the separator is absent where there is none. */
function cutAt(text: string, index: number): [string, string | undefined] {
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

function isName(registry: string, repository: string): boolean {
  if (registry !== '' && !DOMAIN.test(registry)) return false;
  return repository.split('/').every((part) => NAME.test(part));
}

/** The first part, where it looks like a machine's name; else the image is the usual registry's. */
export function registryOf(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(0, slash));
  return /[.:]/.test(first) || first === 'localhost' ? first : '';
}

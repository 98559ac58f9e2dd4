// Pod templates, wherever they stand: what a controller wrote into them goes, images are taken from
// where the destination finds them.

import { at, fieldsOf, isFields, listOf, type Fields, type Manifest } from './manifest.ts';

/** Prefix of an image's name to what stands there at the destination. */
export type ImageMap = Readonly<Record<string, string>>;

const HASHES = ['pod-template-hash', 'rollouts-pod-template-hash'];

/** Changes the template in place; it is a copy already. */
export function cleanTemplate(template: unknown, images: ImageMap): void {
  if (!isFields(template)) return;
  const metadata = fieldsOf(template['metadata']);
  delete metadata['creationTimestamp'];
  const labels = fieldsOf(metadata['labels']);
  for (const hash of HASHES) delete labels[hash];
  const spec = fieldsOf(template['spec']);
  delete spec['nodeName'];
  for (const container of containersOf(spec)) mapOne(container, images);
}

/** Of the pods that an object makes; a pod is its own. */
export function templateOf(object: Manifest): unknown {
  if (object.kind === 'Pod') return object;
  const { spec } = object;
  return at(spec, 'template') ?? at(spec, 'jobTemplate', 'spec', 'template');
}

export function containersOf(spec: unknown): Fields[] {
  return [...listOf(at(spec, 'containers')), ...listOf(at(spec, 'initContainers'))];
}

function mapOne(container: Fields, images: ImageMap): void {
  const { image } = container;
  if (typeof image === 'string') container['image'] = mapImage(image, images);
}

/** The longest prefix that ends where a part of the name does. */
export function mapImage(image: string, images: ImageMap): string {
  const fits = Object.keys(images).filter(
    (prefix) => image.startsWith(prefix) && /^([/:@]|$)/.test(image.slice(prefix.length)),
  );
  const [longest] = fits.sort((a, b) => b.length - a.length);
  return longest === undefined ? image : `${images[longest]}${image.slice(longest.length)}`;
}

// An object of a stream, and where it stands.

import type { Path } from '../config/place.ts';
import type { Manifest } from './model.ts';

export interface StreamDocument {
  readonly object: Manifest;
  /** `file:line: document N`, and the key where there is one. */
  where(path: Path): string;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

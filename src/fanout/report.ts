// Where readers note what they find. All faults of a stream are told at once, each with its place.

import type { Path } from '../config/place.ts';
import type { StreamDocument } from './document.ts';
import type { Warning, WarningCode } from './model.ts';

export interface Report {
  readonly faults: string[];
  readonly warnings: Warning[];
  fault(document: StreamDocument, path: Path, text: string): void;
  warn(code: WarningCode, place: string, text: string): void;
}

export function createReport(): Report {
  const faults: string[] = [];
  const warnings: Warning[] = [];
  return {
    faults,
    warnings,
    fault(document, path, text) {
      faults.push(`${document.where(path)}: ${text}`);
    },
    warn(code, place, text) {
      warnings.push({ code, place, text });
    },
  };
}

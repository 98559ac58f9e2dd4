// Manifests for another cluster: golden cases, each for one rule of the sheet. Adding one is adding a file
// to test/cases/manifests/. `object` is sanitised alone; `workload` is walked over `objects`.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { masked } from '../../../src/migration/manifests/identity.ts';
import type { Finding, Manifest } from '../../../src/migration/manifests/manifest.ts';
import { moveOf, type MoveAsk } from '../../../src/migration/manifests/move.ts';
import { sanitise, type Ask } from '../../../src/migration/manifests/sanitise.ts';

interface Case {
  readonly rule: string;
  readonly object?: Manifest;
  readonly workload?: string;
  readonly objects?: readonly Manifest[];
  readonly unread?: readonly string[];
  readonly mask?: boolean;
  readonly ask?: Partial<Ask>;
  readonly expected: unknown;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'cases', 'manifests');
const USUAL: MoveAsk = {
  images: {},
  ingressClasses: {},
  storageClasses: {},
  stateful: false,
  replicas: 2,
};

const cases = readdirSync(FOLDER)
  .sort()
  .map((file) => [file, parse(readFileSync(join(FOLDER, file), 'utf8')) as Case] as const);

test.each(cases)('%s', (_, one) => {
  const before = structuredClone(one);
  expect(answer(one)).toEqual(one.expected);
  expect(one).toEqual(before);
});

function answer(one: Case): unknown {
  if (one.object && one.mask) return masked(one.object);
  if (one.object) return sanitised(one.object, { replicaSets: [], ...USUAL, ...one.ask });
  return walked(one);
}

function sanitised(object: Manifest, ask: Ask): unknown {
  const { manifest, behind, findings } = sanitise(object, ask);
  return {
    ...(manifest && { manifest }),
    ...(behind !== undefined && { behind }),
    ...told(findings),
  };
}

function walked({ workload = '', objects = [], unread = [], ask }: Case): unknown {
  const found = objects.find(({ kind, metadata }) => `${kind}/${metadata.name}` === workload);
  if (!found) throw new Error(`no ${workload}`);
  const move = moveOf(found, { objects, unread: new Set(unread) }, { ...USUAL, ...ask });
  const shown = move.objects.map(({ manifest, how, late, uid, shared }) => {
    const name = `${manifest.kind}/${manifest.metadata.name}`;
    return `${name}${how === 'merge' ? ', merged' : ''}${late ? ', late' : ''}${shared ? ', shared' : ''}${uid ? `, ${uid}` : ''}`;
  });
  const needed = move.needed.map(({ kind, name, why }) => `${kind}/${name}: ${why}`);
  const behind = move.behind.map(({ object, why }) => `${object}: ${why}`);
  return {
    objects: shown,
    ...(needed.length > 0 && { needed }),
    ...(behind.length > 0 && { behind }),
    ...told(move.findings),
  };
}

function told(findings: readonly Finding[]): { findings?: string[] } {
  const texts = findings.map(
    ({ severity, code, object, text }) => `${severity} ${code}: ${object}: ${text}`,
  );
  return texts.length > 0 ? { findings: texts } : {};
}

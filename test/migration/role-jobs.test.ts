// The published Role lets jobs list all kinds of which one may need what a migration would delete.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { MOVED_KINDS } from '../../src/migration/kinds.ts';
import { kindsNeeding } from '../../src/migration/manifests/needers.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

test('each kind that is looked at before a deletion may be listed', () => {
  const file = new URL('../../deploy/manifests/role-jobs.yaml', import.meta.url);
  const { rules } = parse(readFileSync(file, 'utf8')) as { readonly rules: readonly Rule[] };
  const listed = rules
    .filter(({ verbs }) => verbs.includes('list'))
    .flatMap(({ apiGroups, resources }) =>
      apiGroups.flatMap((group) => resources.map((one) => `${group}/${one}`)),
    );
  const looked = MOVED_KINDS.flatMap(({ kind }) =>
    kindsNeeding({ apiVersion: 'v1', kind, metadata: { name: 'any' }, spec: {} }),
  ).map(({ group, resource }) => `${group}/${resource}`);
  expect(looked).toContain('/pods');
  expect(listed).toEqual(expect.arrayContaining(looked));
});

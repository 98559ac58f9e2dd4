// What API servers say where they did not do it, as a real one said it.

import { expect, test } from 'vitest';
import { conflictsOf, isMoved, wordsOf } from '../../src/clusters/write-answer.ts';

const cause = (manager: string, field: string, using = 'apps/v1') => ({
  reason: 'FieldManagerConflict',
  message: `conflict with "${manager}" ${using.includes('sub') ? using : `using ${using}`}`,
  field,
});

test('conflicts by manager; causes of another kind are none', () => {
  const causes = [
    cause('kubectl', '.spec.replicas'),
    cause('helm', '.data.a', 'v1'),
    cause('kubectl', '.metadata.labels.app'),
    cause('hpa', '.spec.replicas', 'with subresource "scale" using apps/v1'),
    { reason: 'FieldValueInvalid', field: 'spec' },
  ];
  expect(conflictsOf({ details: { causes } })).toEqual([
    { manager: 'helm', fields: ['.data.a'] },
    { manager: 'hpa', fields: ['.spec.replicas'] },
    { manager: 'kubectl', fields: ['.metadata.labels.app', '.spec.replicas'] },
  ]);
  expect(conflictsOf({})).toEqual([]);
  expect(conflictsOf({ details: { causes: 'x' } })).toEqual([]);
});

test('another UID is another object; another field that may not change is not', () => {
  const immutable = (field: string) => ({ details: { causes: [{ reason: 'Invalid', field }] } });
  expect(isMoved(409, {})).toBe(true);
  expect(isMoved(422, immutable('metadata.uid'))).toBe(true);
  expect(isMoved(422, immutable('spec.selector'))).toBe(false);
  expect(isMoved(403, immutable('metadata.uid'))).toBe(false);
});

test('of a Secret no word, only where it is wrong', () => {
  const body = {
    message: 'data[p]: Invalid value: "planted"',
    reason: 'Invalid',
    details: { causes: [{ field: 'data[p]' }, { field: 'data[p]' }] },
  };
  const ref = { apiVersion: 'v1', namespace: 'prod', name: 'key' };
  expect(wordsOf({ ...ref, kind: 'Secret' }, 422, body)).toBe('HTTP 422: Invalid (data[p])');
  expect(wordsOf({ ...ref, kind: 'ConfigMap' }, 422, body)).toContain('planted');
  expect(wordsOf({ ...ref, kind: 'ConfigMap' }, 403, {})).toBe('HTTP 403: refused');
});

test('of a field that cannot be changed which it is and what to do, not all that it holds', () => {
  const said = (kind: string, field: string, message: string) =>
    wordsOf({ apiVersion: 'v1', kind, name: 'x' }, 422, {
      message: `${kind} "x" is invalid: ${field}: ${message}`,
      details: { causes: [{ reason: 'FieldValueInvalid', message, field }] },
    });
  const job = 'Invalid value: {"Spec":{"Image":"planted"}}: field is immutable';
  expect(said('Job', 'spec.template', job)).toBe(
    'spec.template cannot be changed once it is there: leave it as it was, delete the Job there first, or give the new one another name',
  );
  const set =
    "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals' and 'template' are forbidden";
  expect(said('StatefulSet', 'spec', set)).toMatch(
    /^spec but for replicas, ordinals, template cannot be changed once it is there: /,
  );
  const address = 'Invalid value: ["None"]: may not change once set';
  expect(said('Service', 'spec.clusterIPs[0]', address)).toMatch(/^spec.clusterIPs\[0\] cannot/);
  expect(said('RoleBinding', 'roleRef', 'cannot change roleRef')).toMatch(/^roleRef cannot be/);
  expect(said('Secret', 'type', 'Invalid value: "planted": field is immutable')).toMatch(/^type /);
  expect(said('Secret', 'type', 'Invalid value: "planted": field is immutable')).not.toContain(
    'planted',
  );
  expect(said('Job', 'spec.parallelism', 'must be 0 at least')).toMatch(/^HTTP 422: Job "x" is/);
});

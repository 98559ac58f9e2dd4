// What every ClusterWriter does, whatever is behind it. Run it by calling writerConformance() in a test
// file with a way to open one whose jobs may act in the namespace `prod`, without Secrets.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ApplyOptions,
  type ClusterWriter,
  FENCE_ANNOTATION,
  fenceOf,
  type Known,
  knownOf,
  type KubernetesObject,
  refOf,
} from '../../src/clusters/cluster-writer.ts';

export interface WriterStage {
  readonly writer: ClusterWriter;
  /** Server-side apply by another field manager, with force. */
  applyAs(manager: string, object: KubernetesObject): Promise<void>;
  /** Whatever jobs may do; undefined where it is not there. */
  look(object: KubernetesObject): Promise<KubernetesObject | undefined>;
  readonly close: () => Promise<void>;
}

const LABELS = { tier: 'front' };

function configMap(
  name: string,
  data: Readonly<Record<string, string>>,
  metadata: Partial<KubernetesObject['metadata']> = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'prod', labels: LABELS, ...metadata },
    data,
  };
}

export function writerConformance(title: string, open: () => Promise<WriterStage>): void {
  describe(`cluster writer: ${title}`, () => {
    let stage: WriterStage;
    let writer: ClusterWriter;

    beforeEach(async () => {
      stage = await open();
      writer = stage.writer;
    });
    afterEach(async () => {
      await stage.close();
    });

    const settings = configMap('settings', { a: '1', b: '2' });
    const dataOf = async () => (await writer.read(refOf(settings)))?.['data'];

    async function applied(object: KubernetesObject, options?: ApplyOptions) {
      const result = await writer.apply(object, options);
      if (!result.ok) throw new Error(result.text);
      const known = knownOf(result.object);
      if (!known && !options?.dryRun) throw new Error('it has no UID or version');
      return { ...result, known: known as Known };
    }

    test('what is not there is made, the same again changes nothing', async () => {
      expect(await writer.read(refOf(settings))).toBeUndefined();
      const first = await applied(settings);
      expect(first).toMatchObject({ created: true, object: settings });
      expect(await writer.read(refOf(settings))).toMatchObject({
        ...settings,
        metadata: { ...settings.metadata, ...first.known },
      });
      expect(await applied(settings)).toMatchObject({ created: false, known: first.known });
    });

    test('what is not named stays, what was named and is not any more goes', async () => {
      await applied(settings);
      await stage.applyAs('kubectl', configMap('settings', { c: '3' }, { labels: { own: 'x' } }));
      await applied(configMap('settings', { a: '4' }));
      expect(await writer.read(refOf(settings))).toMatchObject({
        metadata: { labels: { ...LABELS, own: 'x' } },
        data: { a: '4', c: '3' },
      });
      expect(await dataOf()).not.toHaveProperty('b');
    });

    test('a field that another owns is a conflict that names both; force takes it', async () => {
      await stage.applyAs('helm', configMap('settings', { a: '0' }));
      await stage.applyAs('kubectl', configMap('settings', { b: '0' }, { labels: {} }));
      const conflict = await writer.apply(settings);
      expect(conflict).toMatchObject({
        ok: false,
        code: 'conflict',
        conflicts: [
          { manager: 'helm', fields: ['.data.a'] },
          { manager: 'kubectl', fields: ['.data.b'] },
        ],
      });
      expect(await writer.apply(settings, { dryRun: true })).toEqual(conflict);
      expect(await dataOf()).toEqual({ a: '0', b: '0' });
      await applied(settings, { force: true });
      expect(await dataOf()).toEqual({ a: '1', b: '2' });
      // It is ours now: no conflict any more.
      await applied(configMap('settings', { a: '5', b: '2' }));
      expect(await dataOf()).toEqual({ a: '5', b: '2' });
    });

    test('a dry run answers what would be, and changes nothing', async () => {
      const made = await applied(settings, { dryRun: true });
      expect(made).toMatchObject({ created: true, object: { data: { a: '1', b: '2' } } });
      expect(await writer.read(refOf(settings))).toBeUndefined();
      const { known } = await applied(settings);
      const changed = await applied(configMap('settings', { a: '9' }), { dryRun: true });
      expect(changed.object['data']).toEqual({ a: '9' });
      const after = await writer.read(refOf(settings));
      expect(after).toMatchObject({ metadata: known, data: { a: '1', b: '2' } });
    });

    test('expected absent: made once, and what is there stays as it is', async () => {
      expect(await applied(settings, { dryRun: true, expect: 'absent' })).toMatchObject({
        created: true,
      });
      expect(await applied(settings, { expect: 'absent' })).toMatchObject({ created: true });
      for (const options of [{}, { force: true }, { dryRun: true }]) {
        const other = configMap('settings', { a: '7' });
        expect(await writer.apply(other, { expect: 'absent', ...options })).toMatchObject({
          ok: false,
          code: 'moved',
        });
      }
      expect(await dataOf()).toEqual({ a: '1', b: '2' });
    });

    test('expected at a state: only there, only that object, and never made', async () => {
      const { known } = await applied(settings);
      const next = configMap('settings', { a: '2', b: '2' });
      const second = await applied(next, { expect: known });
      const gone = configMap('gone', { a: '1' });
      const uid = '11111111-2222-4333-8444-555555555555';
      const tries: [KubernetesObject, Known][] = [
        [settings, known],
        [settings, { ...second.known, uid }],
        [gone, known],
      ];
      for (const [object, expected] of tries) {
        const result = await writer.apply(object, { expect: expected, force: true });
        expect(result).toMatchObject({ ok: false, code: 'moved' });
      }
      expect(await dataOf()).toEqual({ a: '2', b: '2' });
      expect(await writer.read(refOf(gone))).toBeUndefined();
    });

    test('removes only the object that is named, at the state that is named', async () => {
      const ref = refOf(settings);
      const { known } = await applied(settings);
      const uid = '11111111-2222-4333-8444-555555555555';
      const { known: now } = await applied(configMap('settings', { a: '2' }));
      for (const expected of [known, { ...now, uid }]) {
        expect(await writer.remove(ref, expected)).toMatchObject({ ok: false, code: 'moved' });
      }
      expect(await writer.read(ref)).toMatchObject({ metadata: now });
      expect(await writer.remove(ref, now)).toEqual({ ok: true, was: 'removing' });
      expect(await writer.read(ref)).toBeUndefined();
      expect(await writer.remove(ref, now)).toEqual({ ok: true, was: 'absent' });
    });

    test('a fence: what was under way fails, lower terms are shut out, applies leave it', async () => {
      const ref = refOf(settings);
      expect(await writer.fence(ref, 7)).toEqual({ ok: true });
      const { known } = await applied(settings);
      const fenced = await writer.fence(ref, 7);
      expect(fenced).toMatchObject({
        ok: true,
        object: { metadata: { uid: known.uid, annotations: { [FENCE_ANNOTATION]: '7' } } },
      });
      expect(await writer.apply(settings, { expect: known })).toMatchObject({ code: 'moved' });
      expect(await writer.remove(ref, known)).toMatchObject({ code: 'moved' });
      expect(await writer.fence(ref, 6)).toMatchObject({ ok: false, code: 'lost-term' });
      expect(await writer.fence(ref, 7)).toEqual(fenced);
      const { object } = await applied(configMap('settings', { a: '3' }));
      expect(fenceOf(object)).toBe(7);
      await writer.fence(ref, 12);
      const now = await writer.read(ref);
      expect(now && fenceOf(now)).toBe(12);
    });

    test('lists by label, where jobs may act', async () => {
      await applied(configMap('one', {}));
      await applied(configMap('two', {}, { labels: { tier: 'back' } }));
      const kind = { apiVersion: 'v1', kind: 'ConfigMap' };
      const named = async (selector: string, more = {}) =>
        (await writer.list({ ...kind, ...more }, selector)).map(({ metadata }) => metadata.name);
      expect(await named('tier=front')).toEqual(['one']);
      expect(await named('tier in (front,back)', { namespace: 'prod' })).toEqual(['one', 'two']);
      expect(await named('tier=none')).toEqual([]);
      expect(await named('', { namespace: 'prod' })).toEqual(
        expect.arrayContaining(['one', 'two']),
      );
      const [first] = await writer.list(kind, 'tier=front');
      expect(first).toMatchObject({ ...kind, metadata: { namespace: 'prod' } });
    });

    test('where jobs have no business nothing is sent', async () => {
      const code = { code: 'jobs-not-allowed' };
      const secret = { ...configMap('key', {}), kind: 'Secret' };
      const elsewhere = configMap('settings', {}, { namespace: 'kube-system' });
      const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'all' },
      };
      const known = { uid: 'u', resourceVersion: '1' };
      const odd = ['', '.', '..'].map((name) => configMap(name, {}));
      for (const object of [secret, elsewhere, role, ...odd]) {
        const ref = refOf(object);
        await expect(writer.apply(object)).rejects.toMatchObject(code);
        await expect(writer.read(ref)).rejects.toMatchObject(code);
        await expect(writer.remove(ref, known)).rejects.toMatchObject(code);
        await expect(writer.fence(ref, 1)).rejects.toMatchObject(code);
      }
      const lists = [
        { apiVersion: 'v1', kind: 'Secret' },
        { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system' },
      ];
      for (const ref of lists) {
        await expect(writer.list(ref, 'a=b')).rejects.toMatchObject(code);
      }
      expect(await stage.look(elsewhere)).toBeUndefined();
    });
  });
}

// The real writer on a real control plane: what every writer does, and what only a real API server has:
// defaults, validation, kinds that are installed later, rights.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ClusterWriter,
  type KubernetesObject,
  refOf,
} from '../../src/clusters/cluster-writer.ts';
import { readKubeconfig } from '../../src/clusters/kubeconfig.ts';
import { openWriter } from '../../src/clusters/writers.ts';
import { writerConformance } from '../conformance/cluster-writer.ts';
import { ApiError } from './client.ts';
import { type ControlPlane, startCluster } from './cluster.ts';
import { allowJobs } from './jobs.ts';
import { deployment } from './objects.ts';
import { installRollouts } from './rollouts.ts';
import { until } from './until.ts';
import { silentWorld } from './silent-world.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await startCluster({ name: 'east', users: ['jobs', 'nobody'] });
  await allowJobs(plane, ['prod']);
});
afterAll(async () => {
  await plane?.close();
});

interface Wish {
  readonly user?: string;
  readonly secrets?: boolean;
  readonly namespaces?: readonly string[];
}

async function open({ user = 'jobs', secrets = false, namespaces = ['prod'] }: Wish = {}) {
  const load = async () => {
    const text = await readFile(plane.kubeconfig(user), 'utf8');
    return readKubeconfig(text, undefined, { name: 'east', folder: plane.folder });
  };
  const ingress = { nodes: 'ingress=true', port: 80 };
  const jobs = { namespaces: [...namespaces], secrets };
  return await openWriter(
    { settings: { name: 'east', ingress, jobs }, load },
    silentWorld(plane.folder),
  );
}

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' };

writerConformance('a real control plane', async () => {
  const writer = await open();
  return {
    writer,
    async applyAs(manager, object) {
      const path = `/api/v1/namespaces/prod/configmaps/${object.metadata.name}`;
      const query = `fieldManager=${manager}&force=true`;
      const type = 'application/apply-patch+yaml';
      await plane.admin.call('PATCH', `${path}?${query}`, object, type);
    },
    look: (object) =>
      plane.admin.get<KubernetesObject>(object).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return undefined;
        throw error;
      }),
    async close() {
      await writer.close();
      for (const { metadata } of await plane.admin.list<KubernetesObject>(CONFIG_MAP, 'prod')) {
        // Made by the control plane itself, and made again.
        if (metadata.name !== 'kube-root-ca.crt')
          await plane.admin.remove({ ...CONFIG_MAP, metadata: { ...metadata } });
      }
    },
  };
});

describe('a real API server', () => {
  let writer: ClusterWriter;
  beforeAll(async () => {
    writer = await open();
  });
  afterAll(async () => {
    await writer?.close();
  });

  const shop = deployment({ name: 'shop', namespace: 'prod', replicas: 2 }) as KubernetesObject;
  const specOf = ({ spec }: KubernetesObject) => spec as Record<string, unknown>;

  test('a workload: defaults come, replicas that another scales are a conflict that names him', async () => {
    const made = await writer.apply(shop, { expect: 'absent' });
    expect(made).toMatchObject({ ok: true, created: true });
    expect(made.ok && specOf(made.object)['revisionHistoryLimit']).toBe(10);
    await plane.admin.scale(shop, 3);
    const again = await writer.apply(shop);
    expect(again).toMatchObject({ code: 'conflict', conflicts: [{ fields: ['.spec.replicas'] }] });
    const { replicas: _, ...rest } = specOf(shop);
    expect(await writer.apply({ ...shop, spec: rest })).toMatchObject({
      ok: true,
      object: { spec: { replicas: 3 } },
    });
  });

  test('what is wrong is refused in the server’s words, and nothing is kept', async () => {
    const wrong = { ...shop, metadata: { name: 'wrong', namespace: 'prod' } };
    const tries: [object, RegExp][] = [
      [{ spec: { ...specOf(shop), replcas: 1 } }, /replcas/],
      [{ spec: { ...specOf(shop), replicas: -1 } }, /greater than or equal to 0/],
      [{ kind: 'Deploiment' }, /not served/],
      [{ apiVersion: 'apps/v7' }, /not served/],
    ];
    for (const [change, words] of tries) {
      const result = await writer.apply({ ...wrong, ...change } as KubernetesObject);
      expect(result).toMatchObject({ ok: false, code: 'refused' });
      expect(!result.ok && result.text).toMatch(words);
    }
    expect(await writer.read(refOf(wrong))).toBeUndefined();
  });

  test('no word of a Secret comes back; without secrets: true none is asked for', async () => {
    const allowed = await open({ secrets: true });
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key', namespace: 'prod' },
      stringData: { password: 'planted' },
    };
    try {
      expect(await allowed.apply(secret)).toMatchObject({ ok: true, created: true });
      const wrong = { ...secret, stringData: { 'pass word': 'planted', b: { planted: 1 } } };
      const result = await allowed.apply(wrong);
      expect(result).toMatchObject({ ok: false, code: 'refused' });
      expect(JSON.stringify(result)).not.toContain('planted');
    } finally {
      await allowed.close();
    }
  });

  test('a kind that is installed later is found then', async () => {
    const rollout = { ...shop, apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' };
    expect(await writer.apply(rollout)).toMatchObject({ ok: false, code: 'refused', status: 404 });
    await installRollouts(plane);
    const made = async () => (await writer.apply(rollout, { expect: 'absent' })).ok;
    await until('the Rollout is made', made);
    expect(await writer.read(refOf(rollout))).toMatchObject({ spec: { replicas: 2 } });
    await plane.admin.call(
      'PATCH',
      '/apis/argoproj.io/v1alpha1/namespaces/prod/rollouts/shop?fieldManager=argocd&force=true',
      { ...rollout, spec: { replicas: 5 } },
      'application/apply-patch+yaml',
    );
    expect(await writer.apply(rollout)).toMatchObject({
      code: 'conflict',
      conflicts: [{ manager: 'argocd', fields: ['.spec.replicas'] }],
    });
  });

  test('who may not is refused; who is not let in is not an answer', async () => {
    const nobody = await open({ user: 'nobody' });
    const elsewhere = await open({ namespaces: ['kube-system'] });
    try {
      expect(await nobody.apply(shop)).toMatchObject({ code: 'refused', status: 403 });
      await expect(nobody.read(refOf(shop))).rejects.toMatchObject({ failure: { status: 403 } });
      const there = { ...shop, metadata: { ...shop.metadata, namespace: 'kube-system' } };
      expect(await elsewhere.apply(there)).toMatchObject({ code: 'refused', status: 403 });
    } finally {
      await nobody.close();
      await elsewhere.close();
    }
  });

  test('a namespace that is not there is told, not a success', async () => {
    const gone = await open({ namespaces: ['nowhere'], user: 'admin' });
    try {
      const there = { ...shop, metadata: { name: 'shop', namespace: 'nowhere' } };
      for (const options of [{}, { dryRun: true }]) {
        const result = await gone.apply(there, options);
        expect(result).toMatchObject({ ok: false, code: 'refused', status: 404 });
        expect(!result.ok && result.text).toContain('nowhere');
      }
    } finally {
      await gone.close();
    }
  });
});

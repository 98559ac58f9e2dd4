// A client generated from the OpenAPI document compiles, and speaks to a real API.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateApi } from 'swagger-typescript-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/clusters/memory.ts';
import { until } from '../controlplane/until.ts';
import { closeAll, openApi } from './open-api.ts';

const TSC = new URL('../../node_modules/typescript/lib/tsc.js', import.meta.url).pathname;
const TSCONFIG = {
  compilerOptions: {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    types: [],
    rewriteRelativeImportExtensions: true,
  },
  files: ['program.ts'],
};

const CLIENT = 'client.ts';
/** What a release job would write: tsc takes it only where the generated types have these members. */
const PROGRAM = `
import { Api } from ${JSON.stringify(`./${CLIENT}`)};

export async function drain(baseUrl: string): Promise<{ weight: number; ids: string[] }> {
  const { api } = new Api({ baseUrl });
  const { data: upstream } = await api.getUpstreamsApp('shop');
  const weight: number = upstream.servers.map((server) => server.weight).reduce((a, b) => a + b, 0);
  const hold = { kind: 'drain' as const, app: 'shop', cluster: 'east', why: 'by a client' };
  const { data: written } = await api.postHolds(hold);
  return { weight, ids: 'ids' in written ? (written.ids ?? []) : [] };
}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ballast-client-'));
});
afterAll(async () => {
  await closeAll();
  await rm(folder, { recursive: true, force: true });
});

test('a client generated from the document compiles, and drains a cluster', async () => {
  const [east, west] = [new MemoryCluster('east'), new MemoryCluster('west')];
  east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
  west.setNodes([{ name: 'w1', address: '10.2.0.1:80' }]);
  east.set('shop', { pods: 8 });
  west.set('shop', { pods: 4 });
  const { api, controller, weights } = await openApi({ clusters: [east, west] });
  await until('it leads', () => controller.published()?.app('shop')?.upstream.servers.length === 2);
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  await writeFile(join(folder, 'openapi.json'), (await api.inject('/api/v1/openapi.json')).body);
  await generateApi({
    input: join(folder, 'openapi.json'),
    output: folder,
    fileName: CLIENT,
    silent: true,
  });
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder, 'program.ts'), PROGRAM);
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  // What tsc has to say stands on its output.
  const compiled = await promisify(execFile)(process.execPath, [TSC, '-p', folder]).catch(
    (error: { stdout: string }) => error,
  );
  expect(compiled.stdout).toBe('');
  const { drain } = await import(join(folder, 'program.js'));
  expect(await drain(url)).toEqual({ weight: 120, ids: [expect.any(String)] });
  await until('east is drained', () => weights() === '0 of 80, 40');
}, 60_000);

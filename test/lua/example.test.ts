import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { freePorts } from '../controlplane/ports.ts';
import { modules, placeFiles, writeEdgeFiles } from './edge-files.ts';

// Whether it runs is what all the other tests show, by the same include files.
test('the complete example is what nginx accepts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-example-'));
  try {
    const [traffic = 0, control = 0] = await freePorts(2);
    const options = { redisUrl: 'redis://127.0.0.1:1' };
    await writeEdgeFiles(folder, { traffic, control }, options);
    const example = join(import.meta.dirname, '..', '..', 'nginx', 'nginx.conf');
    const text = placeFiles(await readFile(example, 'utf8'), folder, { traffic, control }, options)
      .replaceAll('/etc/ballast/ballast', join(folder, 'ballast'))
      .replace('include /etc/nginx/modules-enabled/*.conf;', modules().join('\n'))
      .replace(/^user .*$/m, '')
      .replace('include /etc/nginx/mime.types;', '')
      .replace('/run/nginx.pid', join(folder, 'nginx.pid'))
      .replace('/var/log/nginx/error.log', join(folder, 'error.log'))
      .replace('listen 80;', `listen 127.0.0.1:${traffic};`);
    const file = join(folder, 'example.conf');
    await writeFile(file, text);
    const { stderr } = await promisify(execFile)('nginx', ['-t', '-p', folder, '-c', file]);
    expect(stderr).toContain('test is successful');
    expect(stderr).not.toContain('[warn]');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

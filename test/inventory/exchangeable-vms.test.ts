import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { exchangeable } from '../../src/inventory/exchangeable-vms.ts';
import { openVmFile } from '../../src/inventory/vms-file.ts';
import { tellVms } from '../../src/inventory/vms-told.ts';
import { joinVms } from '../../src/inventory/vms.ts';
import { until } from '../controlplane/until.ts';

test('another source is followed from then on, and the end ends it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ballast-vms-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'vms.yaml');
  await writeFile(file, 'shop: ["10.0.0.1:80"]');
  const vms = exchangeable(
    joinVms([tellVms([{ name: 'cart', vms: [{ address: '10.0.0.9:80' }] }])]),
  );
  const stop = new AbortController();
  const marks: unknown[] = [];
  const ended = vms.follow((dirty) => marks.push(dirty), stop.signal);
  expect([...vms.vms().keys()]).toEqual(['cart']);

  const next = openVmFile(file, systemClock);
  await next.refresh();
  vms.exchange(joinVms([next]));
  expect([...vms.vms()]).toEqual([['shop', ['10.0.0.1:80']]]);
  // Half written, a file is trouble, and what ends a trouble marks all apps.
  await writeFile(`${file}.new`, 'shop: ["10.0.0.2:80"]');
  await rename(`${file}.new`, file);
  await until('it is followed', () => vms.vms().get('shop')?.[0] === '10.0.0.2:80');
  expect(marks.at(-1)).toEqual(new Set(['shop']));
  stop.abort();
  await ended;
});

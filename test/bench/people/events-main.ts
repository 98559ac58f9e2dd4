// The controller that is watched, alone in its process: what it keeps is nobody else's.
//
// Comes in: numbers of pods of its one app; `heap`. Goes out: its URL once it leads, and the bytes that are used
// after all garbage has gone. On failure: it ends with an error.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryCluster } from '../../../src/clusters/memory.ts';
import { openApi } from '../../api/open-api.ts';
import { until } from '../../controlplane/until.ts';

const east = new MemoryCluster('east');
east.setNodes([{ name: 'e1', address: '10.1.0.1:80' }]);
east.set('shop', { pods: 1 });
const { api, controller } = await openApi({ clusters: [east] });
await until('it leads', () => controller.published()?.app('shop') !== undefined);
const url = await api.listen({ host: '127.0.0.1', port: 0 });
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

process.on('message', (told: number | 'heap') => {
  if (typeof told === 'number') return east.set('shop', { pods: told });
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ used: heapUsed + external });
  return undefined;
});
process.on('disconnect', () => process.exit());
process.send?.({ url });

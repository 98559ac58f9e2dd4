// The stand-ins as a process of their own, so that a demo or a load test does not share the controller's
// core. In: IngressNodesConfig as JSON, by argument or as the first IPC message. Out: `ready` with the
// VMs' addresses, then an answer to each IPC message. It ends by SIGTERM or when its parent is gone.
import { IngressFleet } from './ingress-node.ts';
import type { ChildAnswer, ChildOrder, IngressNodesConfig } from './ingress-nodes-child.ts';
import { SimulatedVm } from './vm.ts';

const argument = process.argv[2];
const config = argument ? (JSON.parse(argument) as IngressNodesConfig) : await firstMessage();
const fleets = new Map(config.clusters.map((one) => [one.cluster, new IngressFleet(one)]));
const vms = (config.vms ?? []).map((one) => new SimulatedVm(one));
process.once('SIGTERM', () => void end());
process.once('SIGINT', () => void end());
process.once('disconnect', () => void end());
await Promise.all([...fleets.values(), ...vms].map((one) => one.start()));
process.on('message', (order: ChildOrder) => void obey(order));
tell({ type: 'ready', vms: Object.fromEntries(vms.map((vm) => [vm.name, vm.server])) });

async function obey(order: ChildOrder): Promise<void> {
  if (order.type === 'kill') await fleets.get(order.cluster)?.kill(order.node);
  if (order.type === 'revive') await fleets.get(order.cluster)?.revive(order.node);
  const counts = Object.fromEntries([...fleets].map(([name, fleet]) => [name, fleet.counts()]));
  const nodes = Object.fromEntries([...fleets].map(([name, fleet]) => [name, fleet.nodes()]));
  const vmCounts = Object.fromEntries(vms.map((vm) => [vm.name, vm.counts()]));
  tell({ type: 'state', id: order.id, counts, nodes, vms: vmCounts });
}

function tell(answer: ChildAnswer): void {
  if (process.connected) process.send?.(answer);
  else process.stdout.write(`${JSON.stringify(answer)}\n`);
}

function firstMessage(): Promise<IngressNodesConfig> {
  return new Promise((resolve) => {
    process.once('message', (message) => resolve(message as IngressNodesConfig));
  });
}

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await Promise.all([...fleets.values(), ...vms].map((one) => one.close()));
  // A fleet that never saw its API server still waits in start().
  process.exit(0);
}

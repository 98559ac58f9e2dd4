// Which addresses are pods: by the nodes' ranges and by the app's own EndpointSlices.

import { expect, onTestFinished, test } from 'vitest';
import { ClusterRecords } from '../../src/clusters/cluster-records.ts';
import { createInterner } from '../../src/clusters/interner.ts';
import { packIp, packIps } from '../../src/clusters/packed-ip.ts';
import { packUid } from '../../src/clusters/packed-uid.ts';
import { isPod } from '../../src/clusters/pod-addresses.ts';
import { type NodeRecord, readAppPod, readNode, readSlice } from '../../src/clusters/records.ts';
import { eventually, watchCluster } from './watched-cluster.ts';

const reading = { intern: createInterner(), isIngressNode: () => false };
const meta = (name: string, labels = {}) => ({
  metadata: { uid: name, resourceVersion: '1', namespace: 'prod', name, labels },
});

function node(name: string, podCIDRs?: readonly string[]): NodeRecord {
  return readNode({ ...meta(name), spec: podCIDRs ? { podCIDRs } : {} }, reading);
}

function slice(name: string, addresses: readonly string[]) {
  const endpoints = addresses.map((address) => ({
    addresses: [address],
    conditions: { ready: false },
  }));
  const of = meta(`${name}-slice`, { 'kubernetes.io/service-name': name });
  return readSlice({ ...of, endpoints }, reading);
}

function records(): ClusterRecords {
  const told = ['shop', 'news'].map((app) => ({
    app,
    services: [{ namespace: 'prod', name: app }],
  }));
  return new ClusterRecords({ told }, { checked: 'off', classes: new Set() });
}

test.each([
  ['10.244.1.0/24', '10.244.1.255', true],
  ['10.244.1.0/24', '10.244.2.0', false],
  ['10.244.0.0/22', '10.244.3.9', true],
  ['10.244.0.0/22', '10.244.4.9', false],
  ['10.244.1.7/32', '10.244.1.7', true],
  ['0.0.0.0/0', '10.9.0.1', true],
  ['0.0.0.0/0', 'fd00::1', false],
  ['fd00:10:244:1::/64', 'fd00:10:244:1::2', true],
  ['fd00:10:244:1::/64', 'fd00:10:244:2::2', false],
  ['fd00::/7', 'fc12::2', true],
  ['::/96', '::10.1.2.3', true],
  ['10.0.0.0/33', '10.0.0.0', false],
  ['10.0.0.0/', '10.0.0.0', false],
  ['nonsense', '10.0.0.0', false],
])('%s holds %s: %s', (range, ip, held) => {
  const known = records();
  known.podRanges.move({ before: undefined, after: node('n', [range]) });
  expect(isPod(known, 'shop', ip)).toBe(held);
});

test('ranges follow the nodes, and stay while one node has them', () => {
  const known = records();
  const [a, b] = [node('a', ['10.1.0.0/24', 'fd00::/64']), node('b', ['10.1.0.0/24'])];
  for (const after of [a, b]) known.podRanges.move({ before: undefined, after });
  known.podRanges.move({ before: a, after: node('a', ['10.2.0.0/24']) });
  expect(isPod(known, 'shop', '10.1.0.5')).toBe(true);
  expect(isPod(known, 'shop', 'fd00::5')).toBe(false);
  expect(isPod(known, 'shop', '10.2.0.5')).toBe(true);
  known.podRanges.move({ before: b, after: undefined });
  expect(isPod(known, 'shop', '10.1.0.5')).toBe(false);
  known.podRanges.move({ before: undefined, after: node('c') });
});

test('an app’s own slices tell its pods, ready or not; those of another are not asked', () => {
  const known = records();
  known.changeSlice({ before: undefined, after: slice('shop', ['10.1.2.3', '10.4.5.6']) });
  expect(isPod(known, 'shop', '10.4.5.6')).toBe(true);
  expect(isPod(known, 'shop', '10.4.5.7')).toBe(false);
  expect(isPod(known, 'news', '10.4.5.6')).toBe(false);
  // Its bytes stand in the slice, across two addresses.
  expect(isPod(known, 'shop', '2.3.10.4')).toBe(false);
});

test('an app without Service: its pods by label, of both families, until they have finished', () => {
  const pods = { namespace: 'prod', selector: 'app=mail' };
  const told = [{ app: 'mail', services: [], pods: [pods] }];
  const known = new ClusterRecords({ told }, { checked: 'off', classes: new Set() });
  const pod = (phase: string, ...ips: readonly string[]) =>
    readAppPod({ ...meta('one'), status: { phase, podIPs: ips.map((ip) => ({ ip })) } }, reading);
  const [both, v6] = [pod('Pending', 'fd00::a01:203', '10.4.5.6'), pod('Running', '4::10.4.5.6')];
  known.changePod(pods, { before: undefined, after: both });
  expect(isPod(known, 'mail', '10.4.5.6')).toBe(true);
  expect(isPod(known, 'mail', 'fd00::a01:203')).toBe(true);
  expect(isPod(known, 'mail', '10.1.2.3')).toBe(false);
  expect(isPod(known, 'shop', '10.4.5.6')).toBe(false);
  known.changePod(pods, { before: both, after: v6 });
  expect(isPod(known, 'mail', '4::10.4.5.6')).toBe(true);
  expect(isPod(known, 'mail', '10.4.5.6')).toBe(false);
  for (const phase of ['Succeeded', 'Failed']) {
    const over = pod(phase, '10.4.5.6');
    known.changePod(pods, { before: v6, after: over });
    expect(isPod(known, 'mail', '10.4.5.6')).toBe(false);
    known.changePod(pods, { before: over, after: v6 });
  }
});

test('bytes are those of the address, in whatever spelling; a name has none', () => {
  expect(packIp('1.2.3.255')).toBe('\u0001\u0002\u0003\u00FF');
  expect(packIp('::ffff:1.2.3.4')).toBe(packIp('0:0:0:0:0:FFFF:102:304'));
  expect(packIp('fd00::')).toHaveLength(16);
  expect(packIp('shop.example')).toBeUndefined();
  expect(packIp('fe80::1%eth0')).toBeUndefined();
  expect(packIps(['1.2.3.4', 'shop.example', '5.6.7.8'])).toHaveLength(8);
});

test('a uid is its bytes; what is none as the API server writes it stays', () => {
  const uid = '0123abcd-4567-89ef-0123-456789abcdef';
  const bytes = Buffer.from(packUid(uid), 'latin1');
  expect(bytes.toString('hex')).toBe(uid.replaceAll('-', ''));
  const others = [uid.toUpperCase(), uid.slice(1), `${uid}0`, uid.replaceAll('-', ''), '10.1.2.3'];
  expect(others.map(packUid)).toEqual(others);
});

test('a watched cluster knows the pods that it follows by label', async () => {
  const pods = [{ namespace: 'prod', selector: 'app=shop' }];
  const told = [{ app: 'mail', services: [], pods }];
  const { simulated, reader, close } = await watchCluster({ sources: { told } });
  onTestFinished(close);
  const [pod] = simulated.pods('shop');
  await eventually(() => expect(reader.isPod('mail', pod?.address ?? '')).toBe(true));
});

test('a watched cluster knows the pods of its apps and the ranges of its nodes', async () => {
  const { simulated, reader, close } = await watchCluster();
  onTestFinished(close);
  const pod = simulated.pods('shop')[0]?.address ?? '';
  await eventually(() => expect(reader.isPod('shop', pod)).toBe(true));
  expect(reader.isPod('app-1', pod)).toBe(false);
  simulated.setNode({ name: 'worker-9', address: '10.1.0.9', podCIDR: '192.168.9.0/24' });
  await eventually(() => expect(reader.isPod('app-1', '192.168.9.77')).toBe(true));
  expect(reader.isPod('shop', '192.168.8.77')).toBe(false);
  expect(reader.isPod('shop', '10.1.0.9')).toBe(false);
});

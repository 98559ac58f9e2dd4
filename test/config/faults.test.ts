// What is wrong with a configuration, with its place. Exit codes: test/e2e/config.test.ts.

import { expect, test } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config.ts';

const HEAD = 'environment: prod\nredis: {url: "redis://127.0.0.1:1"}\n';

function linesOf(text: string, environment: Record<string, string> = {}): readonly string[] {
  try {
    parseConfig(text, 'b.yaml', environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.lines;
  }
}

const redis = (url: string): string => `environment: prod\nredis:\n  url: "${url}"\n`;
const sentinels = (url: string): string =>
  `environment: prod\nredis:\n  masterName: m\n  sentinels: ["${url}"]\n`;
const edge = (control: string): string => `${HEAD}edges:\n  - {name: e, control: "${control}"}\n`;
const east = (ingress: string): string =>
  `${HEAD}clusters:\n  - name: east\n    inCluster: true\n    ingress: {port: 80, ${ingress}}\n`;
const list = (...apps: string[]): string =>
  `${HEAD}apps:\n  list:\n${apps.map((app) => `    - {${app}}\n`).join('')}`;
const vms = (...addresses: string[]): string =>
  list(`name: shop, vms: [${addresses.map((address) => `{address: "${address}"}`).join(', ')}]`);
const nacos = (keys: string, app = 'name: shop'): string =>
  `${list(app)}vms:\n  nacos: {url: "http://h:8848", ${keys}}\n`;
const hook = (...hooks: string[]): string =>
  `${HEAD}migration:\n  hooks:\n${hooks.map((one) => `    - {on: [gate], ${one}, secret: {file: s}}\n`).join('')}`;
const long = `${Array(43).fill('abcde').join('.')}`;

test.each([
  ['a Redis URL that is none', redis('redis://:::'), 'b.yaml:3: redis.url: is no URL'],
  ['a Redis port over 65535', redis('redis://h:99999'), 'b.yaml:3: redis.url: is no URL'],
  ['a Redis port of 0', redis('redis://h:0'), 'b.yaml:3: redis.url: has port 0'],
  ['half an escape in a password', redis('redis://:a%zz@h'), 'b.yaml:3: redis.url: has a %'],
  [
    'a Sentinel that is none',
    sentinels('redis://h:99999'),
    'b.yaml:4: redis.sentinels[0]: is no URL',
  ],
  ['a control that is no URL', edge('http://not a url'), 'b.yaml:4: edges[0].control: is no URL'],
  ['a control port over 65535', edge('http://h:99999'), 'b.yaml:4: edges[0].control: is no URL'],
  ['a user in a control', edge('http://u:p@h:1'), 'b.yaml:4: edges[0].control: has a user'],
  ['a query in a control', edge('http://h:1/?a=b'), 'b.yaml:4: edges[0].control: has a query'],
  [
    'a selector that is none',
    east('nodes: "a in (b"'),
    'b.yaml:6: clusters[0].ingress.nodes: is no label selector',
  ],
  [
    'a selector of pods that is none',
    east('nodes: a, pods: {namespace: n, selector: "a=b,("}'),
    'b.yaml:6: clusters[0].ingress.pods.selector: is no label selector',
  ],
  [
    'a selector of an app’s pods that is none',
    list('name: shop, pods: [{namespace: n, selector: "a in b"}]'),
    'b.yaml:5: apps.list[0].pods[0].selector: is no label selector',
  ],
  [
    'pods beside a Service',
    list('name: shop, namespace: n, pods: [{namespace: n, selector: a}]'),
    'b.yaml:5: apps.list[0].pods: stands instead of service',
  ],
  [
    'neither nodes nor service',
    east('classes: [a]'),
    'b.yaml:6: clusters[0].ingress: needs either',
  ],
  [
    'nodes and service',
    east('nodes: a, service: {namespace: n, name: s}'),
    'b.yaml:6: clusters[0].ingress: needs either',
  ],
  [
    'an annotation beside a type',
    east('nodes: a, addressType: ExternalIP, addressAnnotation: k'),
    'b.yaml:6: clusters[0].ingress.addressAnnotation: stands instead of',
  ],
  [
    'a type of address of a load balancer',
    east('service: {namespace: n, name: s}, addressType: ExternalIP'),
    'b.yaml:6: clusters[0].ingress.addressType: has an effect only with nodes',
  ],
  [
    'a family that is none',
    east('nodes: a, addressFamily: IPv5'),
    'b.yaml:6: clusters[0].ingress.addressFamily: must be one of IPv4, IPv6',
  ],
  [
    'an address with a zone',
    vms('[fe80::1%eth0]:80'),
    'b.yaml:5: apps.list[0].vms[0].address: has a wrong form',
  ],
  [
    'one address in two forms',
    vms('[::1]:80', '[0:0::1]:80'),
    'b.yaml:5: apps.list[0].vms[1].address: "[::1]:80" stands in [0] too',
  ],
  [
    'a host of 257 characters',
    list(`name: shop, hosts: [${long}]`),
    'b.yaml:5: apps.list[0].hosts[0]: has a wrong form',
  ],
  [
    'a probe’s host of 257 characters',
    list(`name: shop, policy: {health: {host: ${long}}}`),
    'b.yaml:5: apps.list[0].policy.health.host: has a wrong form',
  ],
  [
    'a host of two apps',
    list('name: shop, hosts: [a.example, b.example]', 'name: news, hosts: [b.example]'),
    'b.yaml:6: apps.list[1].hosts[0]: "b.example" of news is a host of shop too',
  ],
  [
    'a hook’s URL with a user',
    hook('name: cmdb, url: "http://u:p@h/x"'),
    'b.yaml:5: migration.hooks[0].url: has a user',
  ],
  [
    'two hooks of one name',
    hook('name: cmdb, url: "http://h/x"', 'name: cmdb, url: "http://h/y"'),
    'b.yaml:6: migration.hooks[1].name: "cmdb" stands in [0] too',
  ],
  [
    'a hook that is asked what nobody asks',
    hook('name: cmdb, url: "http://h/x"').replace('[gate]', '[gates]'),
    'b.yaml:5: migration.hooks[0].on[0]: must be one of before, confirm',
  ],
  [
    'a registry that is no URL',
    nacos('url: "h:8848"').replace('url: "http://h:8848", ', ''),
    'b.yaml:7: vms.nacos.url: ',
  ],
  [
    'a registry’s user without a password',
    nacos('username: u'),
    'b.yaml:7: vms.nacos.password: is missing',
  ],
  [
    'a registry’s password without a user',
    nacos('password: {file: f}'),
    'b.yaml:7: vms.nacos.username: is missing',
  ],
  [
    'a service for all apps that names none',
    nacos('service: shop'),
    'b.yaml:7: vms.nacos.service: has a wrong form',
  ],
  [
    'a selector of metadata that is none',
    nacos('metadata: "a in (b"'),
    'b.yaml:7: vms.nacos.metadata: is no label selector',
  ],
  [
    'an app’s service without a registry',
    list('name: shop, nacos: shop-svc'),
    'b.yaml:5: apps.list[0].nacos: has an effect only with vms.nacos',
  ],
  [
    'an app’s service in two groups',
    nacos('group: g', 'name: shop, nacos: "a@@b@@c"'),
    'b.yaml:5: apps.list[0].nacos: has a wrong form',
  ],
  ['a list', '[a, b]\n', 'b.yaml:1: environment: is missing'],
  ['a text', 'a\n', 'b.yaml:1: environment: is missing'],
  [
    'aliases without end',
    'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: [*c,*c,*c]\n',
    'b.yaml: aliases: Excessive alias count',
  ],
])('%s is one line that names the place', (_, text, line) => {
  const lines = linesOf(text);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(line);
});

test('what stands at the bounds is no fault', () => {
  const most = `${Array(42).fill('abcde').join('.')}.a`;
  expect(most).toHaveLength(253);
  for (const text of [
    redis('redis://u:a%20b@[::1]:65535/3'),
    redis('unix:///run/redis.sock'),
    edge('http://[::1]:65535/below/'),
    edge('unix:/run/edge.sock'),
    east('nodes: "a in (b, c),!d", pods: {namespace: n, selector: "a=b,gen>1"}'),
    east('service: {namespace: n, name: s}, addressFamily: IPv6'),
    east('nodes: a, addressAnnotation: example.com/ip, addressFamily: IPv4'),
    list('name: shop, pods: [{namespace: n, selector: "a=b,gen>1"}, {namespace: m, selector: a}]'),
    vms('[::1]:80', '[::1]:81'),
    nacos(
      'namespace: n, group: g, service: "g@@{app}-svc", clusterNames: [a], metadata: "a=b,!c", username: u, password: {file: f}, intervalSeconds: 1',
      'name: shop, nacos: g@@shop',
    ),
    list(`name: shop, hosts: [${most}, "*.a.example"]`, 'name: news, hosts: [a.example]'),
  ]) {
    expect(linesOf(text)).toEqual([]);
  }
});

test('an unknown variable is an error as an unknown key is; those of others are not', () => {
  expect(linesOf(HEAD, { BALLAST_REDIS_ULR: 'x' })).toEqual([
    expect.stringMatching(/^BALLAST_REDIS_ULR: unknown variable; known: .*BALLAST_REDIS_URL/),
  ]);
  expect(linesOf(HEAD, { BALLAST_CLUSTERS: 'x' })).toHaveLength(1);
  const ofService = {
    BALLAST_SERVICE_HOST: '10.0.0.1',
    BALLAST_REDIS_SERVICE_PORT_REDIS: '6379',
    BALLAST_PORT: 'tcp://10.0.0.1:80',
    BALLAST_REDIS_PORT_6379_TCP_ADDR: '10.0.0.1',
  };
  expect(linesOf(HEAD, { BALLAST_CACHE: '/tmp/x', OTHER: 'x', ...ofService })).toEqual([]);
});

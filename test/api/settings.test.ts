// Faults of the keys under `api:`, each with its place.

import { expect, test } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config.ts';

const TLS = 'tls: {cert: a, key: b}';

function faultsOf(api: string, environment: Record<string, string> = {}): readonly string[] {
  const text = `environment: test\nredis: {url: "redis://127.0.0.1:1"}\napi: {${api}}\n`;
  try {
    parseConfig(text, 'f', environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.lines;
    throw error;
  }
}

test.each([
  [`listen: "10.0.0.1:80", ${TLS}`, 'f:3: api.tokens: is missing'],
  ['listen: "10.0.0.1:80", tokens: t', 'f:3: api.tls: is missing'],
  [`listen: "0.0.0.0:80", tokens: t, ${TLS}`, 'f:3: api.address: is missing'],
  [`listen: "[::]:80", tokens: t, ${TLS}`, 'f:3: api.address: is missing'],
  ['listen: "nowhere"', 'f:3: api.listen: has a wrong form'],
  ['listen: "example.com:80"', 'f:3: api.listen: has a wrong form'],
  ['address: "https://a:b@c"', 'f:3: api.address: has a user'],
  ['basePath: "ballast/"', 'f:3: api.basePath: has a wrong form'],
  ['loopback: edge', 'f:3: api.loopback: must be one of none, viewer'],
  ['tls: {cert: a}', 'f:3: api.tls.key: is missing'],
  ['oidc: {issuer: "https://i", audience: a}', 'f:3: api.tokens: is missing'],
  ['tokens: t, oidc: {issuer: "http://i", audience: a}', 'f:3: api.oidc.issuer: must be https'],
  ['tokens: t, tokenReview: {audiences: [a]}', 'f:3: api.tokenReview: needs either'],
  ['tokens: t, tokenReview: {inCluster: true, audiences: []}', 'f:3: api.tokenReview.audiences'],
  ['forward: {}', 'f:3: api.forward.key: is missing'],
])('%s: %s', (api, expected) => {
  expect(faultsOf(api).join('\n')).toContain(expected);
});

test.each([
  '',
  'listen: "127.0.0.1:0"',
  'listen: "[::1]:80"',
  'listen: "localhost:80"',
  `listen: "10.0.0.1:80", tokens: t, ${TLS}`,
  'listen: "10.0.0.1:80", tokens: t, plaintext: true',
  `listen: "0.0.0.0:80", tokens: t, ${TLS}, address: "https://a.example/ballast"`,
  'tokens: t, oidc: {issuer: "http://127.0.0.1:5", audience: a}',
])('%s: no fault', (api) => {
  expect(faultsOf(api)).toEqual([]);
});

test('a switch may come from the environment', () => {
  const api = 'listen: "10.0.0.1:80", tokens: t';
  expect(faultsOf(api, { BALLAST_API_PLAINTEXT: 'true' })).toEqual([]);
  expect(faultsOf(api, { BALLAST_API_PLAINTEXT: 'yes' })[0]).toContain('BALLAST_API_PLAINTEXT');
});

test('paths are the configuration file’s', () => {
  const text = `environment: test
redis: {url: "redis://127.0.0.1:1"}
api:
  tokens: t
  tls: {cert: c, key: k}
  oidc: {issuer: "https://i", audience: a, ca: o}
  forward: {key: {file: f}, ca: p}
  tokenReview: {kubeconfig: {path: q}, audiences: [a]}
`;
  const { api } = parseConfig(text, '/etc/ballast/ballast.yaml', {}).config;
  expect(api).toMatchObject({
    tokens: '/etc/ballast/t',
    tls: { cert: '/etc/ballast/c', key: '/etc/ballast/k' },
    oidc: { ca: '/etc/ballast/o' },
    forward: { key: { file: '/etc/ballast/f' }, ca: '/etc/ballast/p' },
    tokenReview: { kubeconfig: { path: '/etc/ballast/q' } },
  });
});

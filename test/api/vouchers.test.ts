// Tokens that others vouch for: a real OIDC issuer on loopback, a simulated cluster's TokenReview.

import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccess, type Voucher } from '../../src/api/access/access.ts';
import { openOidc, type OidcPlace } from '../../src/api/access/oidc.ts';
import { openTokenReview } from '../../src/api/access/token-review.ts';
import { systemClock } from '../../src/clock.ts';
import { openReviewer, type Reviewer } from '../../src/clusters/token-review.ts';
import { createCertificate } from '../simulated/certificate.ts';
import { SimulatedApiServer } from '../simulated/api-server.ts';
import { listText, writeList, type ListFile } from './access.ts';
import { silentWorld } from '../controlplane/silent-world.ts';

let issuer: string;
let keys: { privateKey: CryptoKey; publicKey: CryptoKey };
let server: Server;
let asked = 0;
let jwks: object = { keys: [] };
const cluster = new SimulatedApiServer({ name: 'home' });
let folder: string;
let reviewer: Reviewer;
let list: ListFile;

beforeAll(async () => {
  keys = await generateKeyPair('ES256', { extractable: true });
  jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256' }] };
  server = createServer((request, response) => {
    asked += 1;
    const isKeys = request.url === '/keys';
    const body = isKeys ? jwks : { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await cluster.start();
  folder = await mkdtemp(join(tmpdir(), 'ballast-home-'));
  await writeFile(join(folder, 'home.kubeconfig'), cluster.kubeconfig());
  reviewer = await openReviewer({ kubeconfig: { path: 'home.kubeconfig' } }, silentWorld(folder));
  list = await writeList(
    listText({}, [
      { group: 'oidc:ops', roles: ['operator'] },
      { user: 'oidc:alice', roles: ['viewer'], apps: ['shop'] },
      { user: 'kubernetes:system:serviceaccount:ci:deployer', roles: ['migrator'] },
      { group: 'kubernetes:system:serviceaccounts:ci', roles: ['viewer'] },
    ]),
  );
});
afterAll(async () => {
  server.close();
  await reviewer.close();
  await cluster.stop();
  await list.remove();
  await rm(folder, { recursive: true });
});

const place = (): OidcPlace => ({
  issuer,
  audience: 'ballast',
  user: 'sub',
  groups: 'groups',
  ca: undefined,
});
const world = { clock: systemClock, wall: () => new Date() };

interface Claims {
  readonly [name: string]: unknown;
}

function sign(claims: Claims = {}, key: CryptoKey = keys.privateKey): Promise<string> {
  const all = { sub: 'alice', iss: issuer, aud: 'ballast', exp: now() + 60, ...claims };
  const known = Object.entries(all).filter(([, value]) => value !== undefined);
  const header = { alg: 'ES256', kid: 'one' };
  return new SignJWT(Object.fromEntries(known)).setProtectedHeader(header).sign(key);
}

const now = () => Math.floor(Date.now() / 1000);

async function admit(vouchers: readonly Voucher[], token: string) {
  const access = createAccess({
    ...world,
    loopback: 'none',
    tokens: list.tokens,
    vouchers,
  });
  const headers = { authorization: `Bearer ${token}` };
  const { caller } = await access.admit({ ip: '10.0.0.1', method: 'GET', url: '/', headers });
  return caller;
}

test('an OIDC token gives the grants of its user and groups', async () => {
  const caller = await admit([openOidc(place(), world)], await sign({ groups: ['ops', 7] }));
  expect(caller).toEqual({
    name: 'oidc:alice',
    grants: [{ roles: ['operator'] }, { roles: ['viewer'], apps: ['shop'] }],
  });
});

test('somebody known who is named nowhere may do nothing', async () => {
  const caller = await admit([openOidc(place(), world)], await sign({ sub: 'bob' }));
  expect(caller).toEqual({ name: 'oidc:bob', grants: [] });
});

test.each([
  ['another audience', { aud: 'other' }],
  ['no audience', { aud: undefined }],
  ['over', { exp: Math.floor(Date.now() / 1000) - 3600 }],
  ['without end', { exp: undefined }],
  ['not yet', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
  ['no user', { sub: undefined }],
] as const)('an OIDC token is refused: %s', async (_, claims) => {
  const token = await sign(claims);
  await expect(admit([openOidc(place(), world)], token)).rejects.toMatchObject({
    code: 'token-unknown',
  });
});

test('an OIDC token of another key, of none, or of a shared secret is refused', async () => {
  const other = await generateKeyPair('ES256');
  const claims = { sub: 'alice', iss: issuer, aud: 'ballast', exp: now() + 60 };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const none = `${encode({ alg: 'none' })}.${encode(claims)}.`;
  const secret = new TextEncoder().encode(JSON.stringify(jwks).padEnd(64));
  const shared = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(secret);
  for (const token of [await sign({}, other.privateKey), none, shared]) {
    await expect(admit([openOidc(place(), world)], token)).rejects.toMatchObject({
      code: 'token-unknown',
    });
  }
});

test('an e-mail address counts only where it was verified', async () => {
  const voucher = openOidc({ ...place(), user: 'email' }, world);
  const mail = { email: 'a@example.com' };
  expect(await voucher.vouch(await sign(mail))).toBeUndefined();
  const verified = await voucher.vouch(await sign({ ...mail, email_verified: true }));
  expect(verified?.name).toBe('oidc:a@example.com');
});

test('keys are asked for once, and an issuer that is gone is not the token’s fault', async () => {
  const voucher = openOidc(place(), world);
  const before = asked;
  const token = await sign();
  await Promise.all([1, 2, 3].map(() => voucher.vouch(token)));
  expect(asked - before).toBe(2);
  const gone = openOidc({ ...place(), issuer: 'http://127.0.0.1:9' }, world);
  await expect(gone.vouch(token)).rejects.toMatchObject({ code: 'access-unavailable' });
});

test('an issuer by TLS, with an authority of its own; keys without TLS are not taken from it', async () => {
  const certificate = createCertificate('issuer');
  let keysAt = '';
  const secure = createSecureServer(certificate, (request, response) => {
    const isKeys = request.url === '/keys';
    const body = isKeys ? jwks : { issuer: where(), jwks_uri: keysAt };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const where = () => `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  const token = await sign({ iss: where() });
  const open = (ca: string | undefined) => openOidc({ ...place(), issuer: where(), ca }, world);
  keysAt = `${where()}/keys`;
  expect((await open(certificate.cert).vouch(token))?.name).toBe('oidc:alice');
  await expect(open(undefined).vouch(token)).rejects.toMatchObject({ code: 'access-unavailable' });
  keysAt = `${issuer}/keys`;
  await expect(open(certificate.cert).vouch(token)).rejects.toThrow('without TLS');
  secure.closeAllConnections();
  secure.close();
});

test('a service account’s token for our audience has its grants', async () => {
  const voucher = openTokenReview(reviewer.review, ['ballast'], systemClock);
  const caller = await admit([voucher], 'account:ci:deployer@ballast');
  expect(caller.name).toBe('kubernetes:system:serviceaccount:ci:deployer');
  expect(caller.grants).toEqual([{ roles: ['migrator'] }, { roles: ['viewer'] }]);
});

test('a token for another audience, or of nobody, is refused', async () => {
  const voucher = openTokenReview(reviewer.review, ['ballast'], systemClock);
  for (const token of ['account:ci:deployer@https://kubernetes.default.svc', 'x'.repeat(50)]) {
    await expect(admit([voucher], token)).rejects.toMatchObject({ code: 'token-unknown' });
  }
  // A server that knows nothing of audiences has checked none.
  const old = async () => ({ authenticated: true, user: { username: 'a' } });
  expect(await openTokenReview(old, ['ballast'], systemClock).vouch('t')).toBeUndefined();
});

test('a review counts for a while; our own tokens are never sent; a cluster that fails says so', async () => {
  const state = { now: 0 };
  const sent: string[] = [];
  const review: Reviewer['review'] = async (spec) => {
    sent.push(spec.token);
    return reviewer.review(spec);
  };
  const clock = { ...systemClock, now: () => state.now };
  const voucher = openTokenReview(review, ['ballast'], clock);
  const token = 'account:ci:deployer@ballast';
  await Promise.all([voucher.vouch(token), voucher.vouch(token)]);
  expect(sent).toHaveLength(1);
  state.now = 31_000;
  await voucher.vouch(token);
  expect(sent).toHaveLength(2);
  await expect(admit([voucher], `ballast_${'x'.repeat(40)}`)).rejects.toThrow();
  expect(sent).toHaveLength(2);
  const { clear } = await cluster.fault({ kind: 'status', code: 403 });
  state.now = 62_000;
  await expect(voucher.vouch(token)).rejects.toMatchObject({ code: 'access-unavailable' });
  await clear();
  expect(await voucher.vouch(token)).toMatchObject({ groups: expect.any(Array) });
});

// Who may enter a cluster: tokens, the key that signs service accounts, and kubeconfig files.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Tokens = ReadonlyMap<string, string>;

/** `admin` is the tests' own hand; every other user has only the rights that are bound to it. */
export async function writeTokens(folder: string, users: readonly string[]): Promise<Tokens> {
  const tokens = new Map(
    ['admin', ...users].map((user) => [user, randomBytes(16).toString('hex')]),
  );
  await writeTokenFile(folder, tokens);
  return tokens;
}

/** The API server reads it when it starts. */
export async function writeTokenFile(folder: string, tokens: Tokens): Promise<void> {
  const lines = [...tokens].map(([user, token]) =>
    user === 'admin' ? `${token},${user},${user},"system:masters"` : `${token},${user},${user}`,
  );
  await writeFile(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

export async function writeServiceAccountKey(folder: string): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'sec1', format: 'pem' });
  await writeFile(join(folder, 'service-accounts.key'), pem, { mode: 0o600 });
}

export interface Entrance {
  readonly name: string;
  readonly url: string;
  readonly caFile: string;
}

/** One file a user, its only context called like the cluster. JSON, because YAML contains it. */
export async function writeKubeconfig(path: string, to: Entrance, user: string, token: string) {
  const { name, url, caFile } = to;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server: url, 'certificate-authority': caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name, context: { cluster: name, user } }],
    'current-context': name,
  };
  await writeFile(path, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}

// The file of `api.tokens`: who may call, by the hash of a token or by a name that others vouch for.
//
// Comes in: its text. Goes out: tokens and grants. On failure: an AccessFault with all places, and never
// with what stands there: it may be a token that somebody put where its hash belongs.

import { Type, type Static } from 'typebox';
import { LineCounter, parseDocument } from 'yaml';
import { timeOf } from '../../clock.ts';
import { schemaFaults, type Fault } from '../../config/faults.ts';
import { placeOf } from '../../config/place.ts';
import { ROLES, type Grant } from './caller.ts';

const MOST_ENTRIES = 1000;
const closed = { additionalProperties: false } as const;
const Names = Type.Array(Type.String({ pattern: '^[A-Za-z0-9._*-]{1,63}$' }), {
  minItems: 1,
  maxItems: 200,
  description: 'names, with * for anything',
});
const grant = {
  roles: Type.Array(Type.Enum([...ROLES]), { minItems: 1, uniqueItems: true }),
  apps: Type.Optional(Names),
  clusters: Type.Optional(Names),
  edges: Type.Optional(Names),
};

const AccessFile = Type.Object(
  {
    tokens: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String({
              pattern: '^(?!local$)[A-Za-z0-9]([A-Za-z0-9._@-]{0,61}[A-Za-z0-9])?$',
              description: 'for audit: letters, digits, . _ @ -, not `local`',
            }),
            hash: Type.String({
              pattern: '^sha256:[0-9a-f]{64}$',
              description: 'sha256: and 64 hexadecimal digits, as ballast token create gives it',
            }),
            until: Type.Optional(Type.String({ description: 'RFC 3339' })),
            ...grant,
          },
          closed,
        ),
        { maxItems: MOST_ENTRIES },
      ),
    ),
    grants: Type.Optional(
      Type.Array(
        Type.Object(
          {
            user: Type.Optional(Type.String({ pattern: '^(kubernetes|oidc):.+$' })),
            group: Type.Optional(Type.String({ pattern: '^(kubernetes|oidc):.+$' })),
            ...grant,
          },
          closed,
        ),
        { maxItems: MOST_ENTRIES },
      ),
    ),
  },
  closed,
);
type AccessFile = Static<typeof AccessFile>;

export interface TokenEntry {
  readonly name: string;
  /** SHA-256. */
  readonly hash: Buffer;
  /** Milliseconds of the time of day; absent: without end. */
  readonly until?: number;
  readonly grant: Grant;
}

export interface NamedGrant {
  readonly user?: string;
  readonly group?: string;
  readonly grant: Grant;
}

export interface AccessList {
  readonly tokens: readonly TokenEntry[];
  readonly grants: readonly NamedGrant[];
}

export class AccessFault extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** Throws AccessFault. */
export function readAccessList(text: string, file: string): AccessList {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const [broken] = document.errors;
  // The parser's own words quote the line.
  if (broken) throw fault([`${file}:${counter.linePos(broken.pos[0]).line}: not YAML`]);
  const raw: unknown = toPlain(document, file) ?? {};
  const faults = schemaFaults(AccessFile, raw);
  if (faults.length === 0) faults.push(...faultsAcross(raw as AccessFile));
  if (faults.length > 0) {
    const source = { document, counter, file };
    throw fault(faults.map((one) => `${placeOf(source, one.path) || file}: ${one.text}`));
  }
  const { tokens = [], grants = [] } = raw as AccessFile;
  return { tokens: tokens.map(readToken), grants: grants.map(readGrant) };
}

function toPlain(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw fault([`${file}: aliases are not taken here`]);
  }
}

function fault(lines: readonly string[]): AccessFault {
  return new AccessFault(lines);
}

function readToken(entry: NonNullable<AccessFile['tokens']>[number]): TokenEntry {
  const { name, hash, until, ...grant } = entry;
  const end = until === undefined ? undefined : timeOf(until);
  return {
    name,
    hash: Buffer.from(hash.slice('sha256:'.length), 'hex'),
    ...(end !== undefined && { until: end }),
    grant,
  };
}

function readGrant(entry: NonNullable<AccessFile['grants']>[number]): NamedGrant {
  const { user, group, ...grant } = entry;
  return { ...(user !== undefined && { user }), ...(group !== undefined && { group }), grant };
}

function faultsAcross({ tokens = [], grants = [] }: AccessFile): Fault[] {
  const faults: Fault[] = [];
  const say = (path: Fault['path'], text: string) => faults.push({ path, text });
  const hashes = new Map<string, number>();
  tokens.forEach(({ hash, until, ...entry }, index) => {
    const path = ['tokens', index];
    const first = hashes.get(hash);
    if (first === undefined) hashes.set(hash, index);
    else say([...path, 'hash'], `stands in [${first}] too`);
    if (until !== undefined && timeOf(until) === undefined) {
      say([...path, 'until'], 'must be a time as 2027-01-31T12:00:00Z');
    }
    faults.push(...grantFaults(entry, path));
  });
  grants.forEach((entry, index) => {
    const path = ['grants', index];
    if ((entry.user === undefined) === (entry.group === undefined)) {
      say(path, 'needs either user or group');
    }
    faults.push(...grantFaults(entry, path));
  });
  return faults;
}

function grantFaults(grant: Grant, path: Fault['path']): Fault[] {
  const { roles, apps, clusters, edges } = grant;
  const isEdge = roles.includes('edge');
  const isWhole = isEdge || roles.includes('admin');
  const rules: readonly (readonly [boolean, string, string])[] = [
    [isEdge && roles.length > 1, 'roles', 'edge stands alone'],
    [isEdge && !edges, 'edges', 'is missing: the names of the edges that have this token'],
    [!isEdge && edges !== undefined, 'edges', 'is for the role edge'],
    [isWhole && apps !== undefined, 'apps', 'does not narrow an admin or an edge'],
    [isWhole && clusters !== undefined, 'clusters', 'does not narrow an admin or an edge'],
  ];
  return rules.filter(([wrong]) => wrong).map(([, key, text]) => ({ path: [...path, key], text }));
}

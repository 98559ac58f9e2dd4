// Backups as Velero writes them, made in a folder: tarball, metadata, list of resources, real bytes.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import type { Manifest } from '../../../src/migration/manifests/manifest.ts';

export interface MadeBackup {
  readonly name: string;
  readonly startedAt?: string;
  readonly phase?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly status?: object;
  readonly objects?: readonly Manifest[];
  /** The list of resources names these too. */
  readonly alsoListed?: Readonly<Record<string, readonly string[]>>;
  /** Changes what is put into the tarball. */
  readonly entries?: (entries: Entry[]) => Entry[];
  /** Changes the bytes of a file; undefined: it is not written. */
  readonly files?: Readonly<Record<string, (bytes: Buffer) => Buffer | undefined>>;
}

export interface Entry {
  readonly name: string;
  readonly text: string;
  readonly type?: 'file' | 'symlink' | 'directory';
}

export function makeFolder(): { readonly folder: string; [Symbol.dispose](): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-backups-'));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

export async function writeBackup(folder: string, made: MadeBackup): Promise<void> {
  const { name, files = {} } = made;
  const place = join(folder, 'backups', name);
  mkdirSync(place, { recursive: true });
  for (const [file, bytes] of Object.entries(await filesOf(made))) {
    const change = files[file.replace(name, 'NAME')];
    const written = change ? change(bytes) : bytes;
    if (written) writeFileSync(join(place, file), written);
  }
}

export async function filesOf(made: MadeBackup): Promise<Record<string, Buffer>> {
  const { name, objects = [], entries = (all: Entry[]) => all } = made;
  const version: Entry = { name: 'metadata/version', text: '1.1.0\n' };
  const tarball = await tarOf(entries([version, ...objects.flatMap(entriesOf)]));
  return {
    'velero-backup.json': Buffer.from(JSON.stringify(metadataOf(made))),
    [`${name}.tar.gz`]: gzipSync(tarball),
    [`${name}-resource-list.json.gz`]: gzipSync(JSON.stringify(listOf(made))),
    [`${name}-itemoperations.json.gz`]: gzipSync('null'),
  };
}

function metadataOf({ name, labels, spec, startedAt, phase, status }: MadeBackup): object {
  return {
    apiVersion: 'velero.io/v1',
    kind: 'Backup',
    metadata: {
      name,
      namespace: 'velero',
      labels: { 'velero.io/schedule-name': 'nightly', ...labels },
    },
    spec: { includedNamespaces: ['*'], ...spec },
    status: {
      version: 1,
      formatVersion: '1.1.0',
      phase: phase ?? 'Completed',
      startTimestamp: startedAt ?? '2026-01-02T02:00:00Z',
      ...status,
    },
  };
}

/** Twice each, as Velero does it. */
export function entriesOf(object: Manifest): Entry[] {
  const { namespace, name } = object.metadata;
  const [group, version] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const plural = pluralOf(object.kind);
  const resource = group === '' ? plural : `${plural}.${group}`;
  const place = namespace === undefined ? `cluster/${name}` : `namespaces/${namespace}/${name}`;
  const text = JSON.stringify(object);
  return [
    { name: `resources/${resource}/${place}.json`, text },
    { name: `resources/${resource}/${version}-preferredversion/${place}.json`, text },
  ];
}

function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (word.endsWith('ss')) return `${word}es`;
  return `${word}s`;
}

function listOf({ objects = [], alsoListed }: MadeBackup): Record<string, string[]> {
  const list: Record<string, string[]> = {};
  for (const { apiVersion, kind, metadata } of objects) {
    const name =
      metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
    (list[`${apiVersion}/${kind}`] ??= []).push(name);
  }
  for (const [key, names] of Object.entries(alsoListed ?? {})) (list[key] ??= []).push(...names);
  return list;
}

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, text, type = 'file' } of entries) {
    if (type === 'file') tar.entry({ name }, text);
    else tar.entry({ name, type, ...(type === 'symlink' && { linkname: text }) });
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** As an SDK sends a stream whose checksum it tells at the end. */
export function framed(bytes: Buffer, sum = crc32(bytes)): Buffer {
  const parts: (Buffer | string)[] = [];
  for (let at = 0; at < bytes.length; at += 1000) {
    const chunk = bytes.subarray(at, at + 1000);
    parts.push(`${chunk.length.toString(16)}\r\n`, chunk, '\r\n');
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(sum);
  parts.push(`0\r\nx-amz-checksum-crc32:${checksum.toString('base64')}\r\n\r\n`);
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

// Where backups lie: a bucket, or a folder of this machine. A backup is a few files under its own name.

/** One file, as it comes. */
export interface Opened {
  /** Changes with the content. */
  readonly tag: string;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface BackupStore {
  /** For people: `s3://BUCKET/PREFIX`, `/srv/backups`. */
  readonly place: string;
  /** Names of the backups, whatever state they are in. Throws a StoreFailure. */
  names(signal: AbortSignal): Promise<readonly string[]>;
  /** Undefined: it is not there. Throws a StoreFailure. */
  open(backup: string, file: string, signal: AbortSignal): Promise<Opened | undefined>;
  /** As `open` would tell it now. */
  tagOf(backup: string, file: string, signal: AbortSignal): Promise<string | undefined>;
  close(): void;
}

/** The store itself cannot be read: nothing is known of what it has. */
export class StoreFailure extends Error {
  constructor(place: string, text: string, options?: ErrorOptions) {
    super(`${place}: ${text}`, options);
    this.name = 'StoreFailure';
  }
}

/** A file is not what it should be. The text never has anything of its content: it may be a Secret's. */
export class Damaged extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'Damaged';
  }
}

/** Below the prefix, as Velero writes it. */
export const FOLDER = 'backups';

/** What a backup's name may be: it becomes a path. */
export function isBackupName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && !name.includes('..');
}

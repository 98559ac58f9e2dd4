// VMs from the configuration and from a file that is read again when it changes.
//
// Comes in: `vms.file`, YAML: app name to a list of `IPv4:port` or `[IPv6]:port`. Goes out: the
// addresses of each app. On failure: a file that is gone or wrong keeps the last VMs and says so;
// a registry that is empty for a moment must not empty an upstream.

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { isAddress } from '../address.ts';
import type { Clock } from '../clock.ts';
import type { Address, AppName, Dirty } from '../model.ts';
import { APP_NAME, type AppsSettings } from './settings.ts';

const PAUSE_MS = 1000;

export type Vms = ReadonlyMap<AppName, readonly Address[]>;

export interface VmSource {
  vms(): Vms;
  /** Why the file's last state stands although the file says otherwise. */
  trouble(): string | undefined;
  /** Reads the file once; throws nothing. */
  refresh(): Promise<void>;
  /** Re-reads until the signal aborts. */
  follow(mark: (dirty: Dirty) => void, signal: AbortSignal): Promise<void>;
}

export function openVms(
  list: AppsSettings['list'],
  file: string | undefined,
  clock: Clock,
): VmSource {
  const told = new Map(
    (list ?? []).map((app) => [app.name, (app.vms ?? []).map((vm) => vm.address)]),
  );
  let fromFile: Vms = new Map();
  let merged = merge(told, fromFile);
  let text: string | undefined;
  let trouble: string | undefined;

  const refresh = async (): Promise<AppName[]> => {
    if (file === undefined) return [];
    try {
      const now = await readFile(file, 'utf8');
      if (now === text) return [];
      const read = readVms(now);
      const apps = [...new Set([...fromFile.keys(), ...read.keys()])];
      text = now;
      fromFile = read;
      merged = merge(told, fromFile);
      trouble = undefined;
      return apps;
    } catch (error) {
      trouble = `${file}: ${(error as Error).message}`;
      return [];
    }
  };

  return {
    vms: () => merged,
    trouble: () => trouble,
    async refresh() {
      await refresh();
    },
    async follow(mark, signal) {
      while (file !== undefined && !signal.aborted) {
        const changed = await refresh();
        if (changed.length > 0) mark(new Set(changed));
        await clock.sleep(PAUSE_MS, signal);
      }
    },
  };
}

/** Throws an Error that names the place. */
export function readVms(text: string): Vms {
  const value: unknown = parse(text, { maxAliasCount: 0 });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('not a mapping of app names to lists of addresses');
  }
  const vms = new Map<AppName, readonly Address[]>();
  for (const [app, addresses] of Object.entries(value)) {
    if (!new RegExp(APP_NAME).test(app)) throw new Error(`${app}: not the name of an app`);
    if (!Array.isArray(addresses)) throw new Error(`${app}: not a list of addresses`);
    const bad = addresses.findIndex(
      (address) => typeof address !== 'string' || !isAddress(address),
    );
    if (bad >= 0) throw new Error(`${app}[${bad}]: not IPv4:port or [IPv6]:port`);
    vms.set(app, addresses as Address[]);
  }
  return vms;
}

function merge(told: Vms, fromFile: Vms): Vms {
  const vms = new Map<AppName, readonly Address[]>();
  for (const app of new Set([...told.keys(), ...fromFile.keys()])) {
    const addresses = new Set([...(told.get(app) ?? []), ...(fromFile.get(app) ?? [])]);
    if (addresses.size > 0) vms.set(app, [...addresses]);
  }
  return vms;
}

// VMs from a file that is read again when it changes.
//
// Comes in: `vms.file`, YAML: app name to a list of `IPv4:port` or `[IPv6]:port`. Goes out: the
// addresses of each app. On failure: a file that is gone or wrong keeps the last VMs and says so;
// a file that is empty for a moment must not empty an upstream. Before it was ever read its VMs
// are unknown, which is not none: what is published of VMs stays (inventory.ts).

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { canonicalAddress, hasZone, isAddress } from '../address.ts';
import type { Clock } from '../clock.ts';
import type { AppName, Dirty, Reason } from '../model.ts';
import { APP_NAME } from './settings.ts';
import { countVms, type TellTrouble, type VmList, type VmSource } from './vm-source.ts';

const PAUSE_MS = 1000;

/** What a file of VMs says. */
interface VmFile {
  readonly vms: VmList;
  /** Addresses that no edge could take. */
  readonly leftOut: ReadonlyMap<AppName, readonly string[]>;
}

export interface VmFileSource extends VmSource {
  /** Reads the file once. */
  refresh(): Promise<void>;
}

const NOTHING: VmFile = { vms: new Map(), leftOut: new Map() };
const NONE: ReadonlySet<AppName> = new Set();

export function openVmFile(
  file: string,
  clock: Clock,
  tell: TellTrouble = () => undefined,
): VmFileSource {
  let read = NOTHING;
  let unread = true;
  let text: string | undefined;
  let trouble: string | undefined;
  let entered = clock.now();
  let heard = entered;

  const setTrouble = (now: string | undefined): boolean => {
    if (trouble === now) return false;
    trouble = now;
    entered = clock.now();
    tell('file', now);
    return true;
  };
  /** Answers the apps that something may have changed for. */
  const take = (now: string): Dirty => {
    const before = read;
    if (now !== text) {
      read = readVms(now);
      text = now;
    }
    const all = setTrouble(undefined) || unread;
    if (unread) entered = clock.now();
    unread = false;
    heard = clock.now();
    return all ? 'all' : appsOf(before, read);
  };
  const refresh = async (): Promise<Dirty> => {
    try {
      return take(await readFile(file, 'utf8'));
    } catch (error) {
      const [line = ''] = (error as Error).message.split('\n');
      return setTrouble(`${file}: ${line.replace(/:$/, '')}`) ? 'all' : NONE;
    }
  };
  const state = () => {
    if (unread) return 'unread';
    return trouble === undefined ? 'fresh' : 'stale';
  };

  return {
    name: 'file',
    registry: false,
    status: () => ({
      name: 'file',
      state: state(),
      ageSeconds: Math.max(0, clock.now() - (state() === 'stale' ? heard : entered)) / 1000,
      ...(trouble !== undefined && { reason: trouble }),
      vms: countVms(read.vms),
    }),
    vms: () => read.vms,
    unread: () => unread,
    reason: (app) => whyOther(trouble, unread, { app, read }),
    async refresh() {
      await refresh();
    },
    async follow(mark, signal) {
      while (!signal.aborted) {
        const changed = await refresh();
        if (changed === 'all' || changed.size > 0) mark(changed);
        await clock.sleep(PAUSE_MS, signal);
      }
    },
  };
}

function whyOther(
  trouble: string | undefined,
  unread: boolean,
  { app, read }: { readonly app: AppName; readonly read: VmFile },
): Reason | undefined {
  if (unread) {
    const text = `VMs stay as published until their file is read: ${trouble ?? 'it is not read yet'}`;
    return { code: 'vms-unread', text };
  }
  if (trouble !== undefined && read.vms.has(app)) {
    return { code: 'vms-stale', text: `VMs are those of the last good file: ${trouble}` };
  }
  const leftOut = read.leftOut.get(app);
  if (!leftOut) return undefined;
  const text = `${leftOut.join(', ')} left out: an address with a zone means nothing to an edge`;
  return { code: 'address-invalid', text };
}

/** Throws an Error that names the place. */
function readVms(text: string): VmFile {
  const value: unknown = parse(text, { maxAliasCount: 0 });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('not a mapping of app names to lists of addresses ({} is none)');
  }
  const vms = new Map<AppName, readonly string[]>();
  const leftOut = new Map<AppName, readonly string[]>();
  for (const [app, addresses] of Object.entries(value)) {
    if (!new RegExp(APP_NAME).test(app)) throw new Error(`${app}: not the name of an app`);
    if (!Array.isArray(addresses)) throw new Error(`${app}: not a list of addresses`);
    const bad = addresses.findIndex(
      (address) => !isAddress(String(address)) && !hasZone(String(address)),
    );
    if (bad >= 0) throw new Error(`${app}[${bad}]: not IPv4:port or [IPv6]:port`);
    const zoned = (addresses as string[]).filter(hasZone);
    if (zoned.length > 0) leftOut.set(app, zoned);
    vms.set(app, (addresses as string[]).filter(isAddress).map(canonicalAddress));
  }
  return { vms, leftOut };
}

function appsOf(before: VmFile, now: VmFile): ReadonlySet<AppName> {
  return before === now ? NONE : new Set([...before.vms.keys(), ...now.vms.keys()]);
}

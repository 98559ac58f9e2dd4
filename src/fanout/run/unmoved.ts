// For how long nothing has moved in an object's status, by the looks that were taken at it. It is lost with
// its runner: what is waited for then begins anew.

interface Look {
  readonly status: string;
  readonly sinceMs: number;
}

export interface Unmoved {
  /** Milliseconds. `waitedMs`: of the attempt that looks. */
  look(key: string, status: unknown, waitedMs: number): number;
  forget(key: string): void;
}

export function createUnmoved(): Unmoved {
  const looks = new Map<string, Look>();
  return {
    look(key, seen, waitedMs) {
      const status = JSON.stringify(seen ?? null);
      const last = looks.get(key);
      // Another attempt has waited less.
      if (last?.status === status && last.sinceMs <= waitedMs) return waitedMs - last.sinceMs;
      looks.set(key, { status, sinceMs: waitedMs });
      return 0;
    },
    forget: (key) => void looks.delete(key),
  };
}

// resourceVersions of one resource compare as integers of any length. Pure.

/** Negative where `a` is older. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

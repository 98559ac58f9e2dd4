// What is wrong with a document's body, and where. Pure.

export interface Fault {
  /** Where: `servers[1].weight`. */
  readonly place: string;
  readonly text: string;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first key that is not known; `where` is put before its name. */
export function strange(
  value: Record<string, unknown>,
  known: readonly string[],
  where: string,
): Fault | undefined {
  const key = Object.keys(value).find((name) => !known.includes(name));
  return key === undefined ? undefined : { place: `${where}${key}`, text: 'unknown key' };
}

// If-None-Match and If-Match as RFC 9110 reads them: a list, compared weakly or strongly, or `*`. Pure.

const TAGS = /(?:W\/)?("[^"]*")/g;

/** Whether the header names the tag; a proxy that packs a body makes it weak (`W/"1-2"`). */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return [...header.matchAll(TAGS)].some(([, opaque]) => opaque === tag.replace(/^W\//, ''));
}

/** As If-Match: a weak tag names nothing. */
export function namesTagExactly(header: string, tag: string): boolean {
  if (header.trim() === '*') return true;
  return [...header.matchAll(TAGS)].some(([whole]) => whole === tag);
}

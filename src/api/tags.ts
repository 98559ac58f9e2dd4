// If-None-Match as RFC 9110 reads it: a list, compared weakly, or `*`. Pure.

const TAGS = /(?:W\/)?("[^"]*")/g;

/** Whether the header names the tag; a proxy that packs a body makes it weak (`W/"1-2"`). */
export function namesTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return [...header.matchAll(TAGS)].some(([, opaque]) => opaque === tag.replace(/^W\//, ''));
}

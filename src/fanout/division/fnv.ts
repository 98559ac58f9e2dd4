// Fowler-Noll-Vo hashes of 32 bits. Kubernetes names are ASCII, so a code unit is a byte.

const OFFSET = 2_166_136_261;
const PRIME = 16_777_619;

/** FNV-1: multiply, then xor. Ranks clusters of one weight in Federation and KubeFed. */
export function fnv1(text: string): number {
  let hash = OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash, PRIME) ^ text.charCodeAt(at);
  return hash >>> 0;
}

/** FNV-1a: xor, then multiply. Turns the order of names in Karmada's ties. */
export function fnv1a(text: string): number {
  let hash = OFFSET;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash >>> 0;
}

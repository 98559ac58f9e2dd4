// A uid as its bytes, in a string of one byte a character: of a pod's record it would be a quarter. Pure.
// On failure: what is no UUID as the API server writes it stays as it is.

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** For comparing alone. */
export function packUid(uid: string): string {
  if (!UUID.test(uid)) return uid;
  return Buffer.from(uid.replaceAll('-', ''), 'hex').toString('latin1');
}

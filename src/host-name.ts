// Host names: the syntax that lua/ballast/names.lua takes too. Pure.

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';

/** A DNS name in lower case, 253 characters at most. */
export const DNS_NAME = `^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`;

/** As DNS_NAME; the first label may be `*`. */
export const HOST = `^(?=.{1,253}$)(\\*\\.)?${LABEL}(\\.${LABEL})*$`;

const host = RegExp(HOST);

export function isHost(text: string): boolean {
  return host.test(text);
}

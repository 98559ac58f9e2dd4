// Whether a URL of the configuration names a place that can be called. Pure.

/** What is wrong with it, without the text itself: it may hold a password. */
export function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'is no URL, or its port is over 65535';
  const url = new URL(text);
  if (url.hostname === '') return 'names no host';
  if (url.port === '0') return 'has port 0';
  const decoded = [url.username, url.password].every(isEncoded);
  return decoded ? undefined : 'has a % that encodes nothing in its user or password';
}

/** Where only `http(s)://HOST:PORT/PATH` is called. */
export function callFault(text: string): string | undefined {
  const fault = urlFault(text);
  if (fault !== undefined) return fault;
  const { username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') return 'has a user; the token stands in its own file';
  return search === '' && hash === '' ? undefined : 'has a query or a fragment';
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

// JSON pointers, as far as patches use them.

/** What is wrong with the text of a path. The whole object is none: it has a name to keep. */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return `${path} is no path: it must begin with /`;
  if (/~(?![01])/.test(path)) return `${path} is no path: ~ is written ~0 and / within a key ~1`;
  return undefined;
}

export function tokensOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function pointerOf(tokens: readonly (string | number)[]): string {
  return tokens
    .map((token) => `/${String(token).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

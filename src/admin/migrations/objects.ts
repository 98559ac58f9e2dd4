// Objects as people say them. Pure.

/** `Deployment prod/shop` */
export function nameOf(manifest: Readonly<Record<string, unknown>>): string {
  const { kind = '', metadata = {} } = manifest as {
    readonly kind?: string;
    readonly metadata?: { readonly namespace?: string; readonly name?: string };
  };
  const { namespace, name } = metadata;
  return `${kind} ${[namespace, name].filter(Boolean).join('/')}`;
}

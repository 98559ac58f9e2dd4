// Pure: what a server whose clock is wrong says, in headers and in objects.

const TIME = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g;

/** Every time of day in a body, moved. */
export function skewTimes(text: string, byMs: number): string {
  if (byMs === 0) return text;
  return text.replace(TIME, (_, time: string) => {
    const moved = new Date(Date.parse(time) + byMs).toISOString();
    return `"${time.includes('.') ? moved : `${moved.slice(0, 19)}Z`}"`;
  });
}

export function skewedDate(byMs: number): { readonly date: string } {
  return { date: new Date(Date.now() + byMs).toUTCString() };
}

// Kubernetes' amounts: `500m` is `0.5`, `1Gi` is `1073741824`. A server gives them back in its own spelling.

const FORM = /^([+-]?\d+(?:\.\d+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const SUFFIXES: Readonly<Record<string, number>> = {
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Only what differs as a text is asked here; two plain texts that look like amounts are as good as one. */
export function sameAmount(left: unknown, right: unknown): boolean {
  const [first, second] = [amountOf(left), amountOf(right)];
  if (first === undefined || second === undefined) return false;
  return Math.abs(first - second) <= Math.abs(first) * Number.EPSILON * 4;
}

function amountOf(value: unknown): number | undefined {
  const match =
    typeof value === 'number' || typeof value === 'string' ? FORM.exec(`${value}`) : null;
  if (!match) return undefined;
  return Number(match[1]) * (match[2] === undefined ? 1 : (SUFFIXES[match[2]] ?? 1));
}

// Kubernetes quantities as whole numbers: cpu in thousandths of a core, all else in its own unit,
// fractions up, as the scheduler counts them. Pure.

/** By resource: `cpu`, `memory`, `nvidia.com/gpu`. */
export type Amounts = Readonly<Record<string, number>>;

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE])([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;

const TENS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** Undefined where the text is no quantity. `resource` may have a quota's prefix, as in `limits.cpu`. */
export function amountOf(resource: string, quantity: unknown): number | undefined {
  const [whole, sign, digits = '', fraction = '', , exponent, suffix = ''] =
    QUANTITY.exec(String(quantity)) ?? [];
  if (whole === undefined || digits + fraction === '') return undefined;
  const power = tens(suffix, exponent) - fraction.length + (isCpu(resource) ? 3 : 0);
  const mantissa = BigInt(digits + fraction) * 1024n ** BigInt(BINARY.indexOf(suffix) + 1);
  const scale = 10n ** BigInt(Math.abs(power));
  const amount = Number(power >= 0 ? mantissa * scale : divideUp(mantissa, scale));
  return sign === '-' ? -amount : amount;
}

function tens(suffix: string, exponent: string | undefined): number {
  return exponent === undefined ? (TENS[suffix] ?? 0) : Number(exponent);
}

function isCpu(resource: string): boolean {
  return resource.replace(/^(requests|limits)\./, '') === 'cpu';
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

/** What is no quantity counts as 0: API servers let none in. */
export function amountsOf(quantities: Readonly<Record<string, unknown>> | undefined): Amounts {
  const entries = Object.entries(quantities ?? {});
  return Object.fromEntries(entries.map(([name, text]) => [name, amountOf(name, text) ?? 0]));
}

export function plus(one: Amounts, other: Amounts): Amounts {
  const sum = { ...one };
  for (const [name, amount] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + amount;
  return sum;
}

export function most(one: Amounts, other: Amounts): Amounts {
  const high = { ...one };
  for (const [name, amount] of Object.entries(other))
    high[name] = Math.max(high[name] ?? 0, amount);
  return high;
}

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

/** `mantissa` times ten to the `power`. */
interface Exact {
  readonly mantissa: bigint;
  readonly power: number;
}

function exact(quantity: unknown): Exact | undefined {
  if (typeof quantity !== 'string' && typeof quantity !== 'number') return undefined;
  const [whole, sign, digits = '', fraction = '', , exponent, suffix = ''] =
    QUANTITY.exec(`${quantity}`) ?? [];
  if (whole === undefined || digits + fraction === '') return undefined;
  const size = BigInt(digits + fraction) * 1024n ** BigInt(BINARY.indexOf(suffix) + 1);
  return {
    mantissa: sign === '-' ? -size : size,
    power: tens(suffix, exponent) - fraction.length,
  };
}

/** Undefined where it is no quantity. `resource` may have a quota's prefix, as in `limits.cpu`. */
export function amountOf(resource: string, quantity: unknown): number | undefined {
  const read = exact(quantity);
  if (!read) return undefined;
  const power = read.power + (isCpu(resource) ? 3 : 0);
  const scale = 10n ** BigInt(Math.abs(power));
  return Number(power >= 0 ? read.mantissa * scale : awayFromZero(read.mantissa, scale));
}

/** A server gives quantities back in its own spelling: `0.5` as `500m`. False where one is none. */
export function sameQuantity(left: unknown, right: unknown): boolean {
  const [one, other] = [exact(left), exact(right)];
  if (!one || !other) return false;
  const least = Math.min(one.power, other.power);
  const scaled = ({ mantissa, power }: Exact): bigint => mantissa * 10n ** BigInt(power - least);
  return scaled(one) === scaled(other);
}

/** As people write it: `400m` of cpu, `256Mi` of memory. Rather a little less than more. */
export function shownAmount(resource: string, amount: number): string {
  if (isCpu(resource)) return amount % 1000 === 0 ? `${amount / 1000}` : `${amount}m`;
  if (!isOfBytes(resource)) return `${amount}`;
  const power = BINARY.findLastIndex((_, index) => amount >= 1024 ** (index + 1));
  return power < 0 ? `${amount}` : `${hundredths(amount / 1024 ** (power + 1))}${BINARY[power]}`;
}

const hundredths = (number: number): number => Math.floor(number * 100) / 100;

function isOfBytes(resource: string): boolean {
  return /^(memory|(ephemeral-)?storage|hugepages-.*)$/.test(plainName(resource));
}

function tens(suffix: string, exponent: string | undefined): number {
  return exponent === undefined ? (TENS[suffix] ?? 0) : Number(exponent);
}

/** Without a quota's prefix. */
const plainName = (resource: string): string => resource.replace(/^(requests|limits)\./, '');

function isCpu(resource: string): boolean {
  return plainName(resource) === 'cpu';
}

function awayFromZero(amount: bigint, by: bigint): bigint {
  return amount < 0n ? (amount - by + 1n) / by : (amount + by - 1n) / by;
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

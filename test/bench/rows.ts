// Rows: what a lane measured, as numbers, as a table for people, as one line for machines.
//
// Comes in: samples. Goes out: median and quartiles. On failure: a row without a sample is an error,
// for a number that was not measured must not be printed.

export type Unit = 'ratio' | 'us' | 'ms' | 's' | 'kB' | 'MB' | 'share' | 'requests' | 'connections';

const COUNTED: ReadonlySet<Unit> = new Set(['requests', 'connections', 'MB']);

export interface Row {
  readonly row: string;
  readonly median: number;
  readonly q1: number;
  readonly q3: number;
  readonly unit: Unit;
}

/** What a row may show at most. */
export type Limits = Readonly<Record<string, number>>;

export function rowOf(row: string, unit: Unit, samples: readonly number[]): Row {
  if (samples.length === 0 || !samples.every(Number.isFinite))
    throw new Error(`${row}: not measured (${samples.join(', ')})`);
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): number => round(quantile(sorted, share));
  return { row, median: at(0.5), q1: at(0.25), q3: at(0.75), unit };
}

/** Of sorted samples, between two of them where the share falls between. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? Number.NaN;
  const high = sorted[Math.ceil(place)] ?? Number.NaN;
  return low + (high - low) * (place - Math.floor(place));
}

const round = (value: number): number => Number(value.toPrecision(5));

export function missed(rows: readonly Row[], limits: Limits): string[] {
  return rows
    .filter(({ row, median }) => median > (limits[row] ?? Number.POSITIVE_INFINITY))
    .map(({ row, median, unit }) => `${row}: ${show(median, unit)}, must be <= ${limits[row]}`);
}

/** Markdown, which is also fit for a terminal. */
export function tableOf(rows: readonly Row[], limits: Limits): string {
  const cells = rows.map(({ row, median, q1, q3, unit }) => {
    const quartiles = `${show(q1, unit)} to ${show(q3, unit)}`;
    return [row, show(median, unit), quartiles, unit, `${limits[row] ?? ''}`];
  });
  const lines = [['row', 'median', 'quartiles', 'unit', 'must be at most'], ...cells].map(
    (line) => `| ${line.join(' | ')} |`,
  );
  return [lines[0], '| --- | --- | --- | --- | --- |', ...lines.slice(1)].join('\n');
}

function show(value: number, unit: Unit): string {
  return value.toFixed(unit === 'ratio' ? 3 : COUNTED.has(unit) ? 0 : 2);
}

// Rows as columns under their heads, by the width that a terminal gives each letter. Pure.

import stringWidth from 'string-width';

export type Cell = string | number | undefined;

/** Two spaces between columns, none at a line's end; `-` where there is nothing. */
export function toTable(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [heads, ...rows.map((row) => row.map(textOf))];
  const widths = heads.map((_head, index) =>
    Math.max(...lines.map((line) => stringWidth(line[index] ?? ''))),
  );
  const padded = lines.map((line) =>
    line.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - stringWidth(cell))),
  );
  return padded.map((line) => `${line.join('  ').trimEnd()}\n`).join('');
}

export function percent(share: number | undefined): string | undefined {
  return share === undefined ? undefined : `${(share * 100).toFixed(1)} %`;
}

/** `35s`, `4m`, `3h`, `12d`. */
export function age(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined;
  const units = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
  ] as const;
  const [size, letter] = units.find(([length]) => seconds >= 2 * length) ?? [1, 's'];
  return `${Math.floor(seconds / size)}${letter}`;
}

function textOf(cell: Cell): string {
  return cell === undefined || cell === '' ? '-' : String(cell);
}

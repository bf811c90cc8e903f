// What a bench found: one row per figure, printed as a table and kept as JSON.

export interface Row {
  /** Its row in the table of bars, for example `P1`. */
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same measured beside it in the same run: a peer or a limit. Null where the bar alone counts. */
  readonly peer: string | null;
  readonly peerValue: number;
  /** Whether a larger value is the better one. */
  readonly larger: boolean;
  /** What we want it to be, in words. */
  readonly bar: string;
  readonly met: boolean;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.id,
    row.what,
    `${round(row.value)} ${row.unit}`,
    row.peer === null ? '' : `${row.peer}: ${round(row.peerValue)} ${row.unit}`,
    row.bar,
    row.met ? 'met' : 'MISSED',
  ]);
  const all = [['', 'measured', 'value', 'beside it', 'bar', ''], ...cells];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

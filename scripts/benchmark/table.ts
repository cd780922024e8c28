/** Columns of text: the first to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map(
      (row) =>
        '  ' + row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 3))).join(''),
    )
    .join('\n')
}

const MIB = 2 ** 20

export const percent = (share: number): string => `${(share * 100).toFixed(2)} %`
export const times = (ratio: number): string => (Number.isFinite(ratio) ? `${ratio.toFixed(2)} x` : '-')
export const megabytes = (bytes: number): string => `${(bytes / MIB).toFixed(0)} MiB`
export const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`

/** PURE. The smallest of the values that `share` of them do not exceed. */
export const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN

import type { HopReport } from './hop.ts'

/** Often enough to cut a measurement, seldom enough to cost nothing. */
const REPORT_BYTES = 4 * 2 ** 20

/** Counts what a sink gets, and reports it now and then. @param direct share of the bytes that came from the hop before */
export function counter(report: (report: HopReport) => void, direct: () => number = () => 1): (bytes: number) => void {
  let total = 0
  let told = 0
  return (bytes) => {
    total += bytes
    if (total - told < REPORT_BYTES) return
    told = total
    report({ kind: 'received', bytes: total, direct: direct() })
  }
}

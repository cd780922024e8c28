/** What to do when the ffmpeg of a rendition has ended although it should not have. */
export type AfterFailure = { readonly kind: 'restart'; readonly pauseMs: number } | { readonly kind: 'give-up' }

/** So many within the span, and the next attempt would end like the last. */
export const MAX_FAILURES = 5
export const FAILURES_SPAN_MS = 60_000
/** The first restart is nearly at once: viewers are waiting, and a killed ffmpeg says nothing about the next. Doubles each time. */
const FIRST_PAUSE_MS = 100

/** PURE. @param failures monotonic times of all failures so far, the newest last */
export function planRestart(failures: readonly number[]): AfterFailure {
  const newest = failures.at(-1) ?? 0
  const recent = failures.filter((at) => newest - at < FAILURES_SPAN_MS).length
  if (recent >= MAX_FAILURES) return { kind: 'give-up' }
  return { kind: 'restart', pauseMs: FIRST_PAUSE_MS * 2 ** Math.max(recent - 1, 0) }
}

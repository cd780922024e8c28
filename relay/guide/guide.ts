/** What is on now, and what comes next, among a channel's programmes. */

/** @param start, end ms since the Unix epoch; the end is not part of it */
export interface Slot {
  readonly start: number
  readonly end: number
}

export interface NowNext<Programme> {
  readonly now: Programme | undefined
  readonly next: Programme | undefined
}

/** PURE. Programmes of one channel in any order; where two overlap, the later one counts: it was announced over the other. */
export function nowNext<Programme extends Slot>(programmes: Iterable<Programme>, at: number): NowNext<Programme> {
  let now: Programme | undefined
  let next: Programme | undefined
  for (const programme of programmes) {
    if (programme.start > at) {
      if (next === undefined || programme.start < next.start) next = programme
    } else if (programme.end > at && (now === undefined || programme.start > now.start)) now = programme
  }
  return { now, next }
}

/** PURE. Those that overlap [from, to), by their start. */
export const between = <Programme extends Slot>(programmes: Iterable<Programme>, from: number, to: number): Programme[] =>
  [...programmes].filter((programme) => programme.start < to && programme.end > from).toSorted((a, b) => a.start - b.start)

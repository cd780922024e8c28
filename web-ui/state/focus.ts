/** Arrow keys move the focus, as on a television. Pure geometry; the caller knows the elements. */
export type Direction = 'up' | 'down' | 'left' | 'right'
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Sideways distance counts this much more than distance ahead: rows stay rows. */
const SIDEWAYS = 3

const overlap = (a0: number, a1: number, b0: number, b1: number): number => Math.max(0, Math.max(a0, b0) - Math.min(a1, b1))

/** The index of the box to go to from `from`, or -1 when none lies that way. */
export function nextFocus(boxes: readonly Box[], from: Box, direction: Direction): number {
  let best = -1
  let bestCost = Infinity
  boxes.forEach((box, index) => {
    const ahead =
      direction === 'up'
        ? from.top - box.bottom
        : direction === 'down'
          ? box.top - from.bottom
          : direction === 'left'
            ? from.left - box.right
            : box.left - from.right
    // a pixel of overlap is rounding
    if (ahead < -1) return
    const vertical = direction === 'up' || direction === 'down'
    const aside = vertical ? overlap(from.left, from.right, box.left, box.right) : overlap(from.top, from.bottom, box.top, box.bottom)
    const centre = vertical
      ? Math.abs(from.left + from.right - box.left - box.right) / 2
      : Math.abs(from.top + from.bottom - box.top - box.bottom) / 2
    const cost = Math.max(0, ahead) + aside * SIDEWAYS + centre * 0.05
    if (cost < bestCost) {
      best = index
      bestCost = cost
    }
  })
  return best
}

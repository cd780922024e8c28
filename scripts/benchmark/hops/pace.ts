/** Sends messages at a steady rate, and as fast as the other side takes them where that is slower. */
export interface Pace {
  /** Bit/s. */
  readonly rate: number
  readonly messageBytes: number
  /** False: nothing more until `drained` resolves. */
  readonly send: () => boolean
  readonly drained: () => Promise<void>
}

/** Short against what any queue on the way holds, long against a timer's cost. */
const TICK_MS = 5
/** What was missed while the other side did not take it is not made up for. */
const MAX_BEHIND_MS = 200

/** Never resolves: the process ends. */
export async function sendPaced({ rate, messageBytes, send, drained }: Pace): Promise<void> {
  const msPerMessage = (messageBytes * 8 * 1000) / rate
  let next = performance.now()
  for (;;) {
    const now = performance.now()
    next = Math.max(next, now - MAX_BEHIND_MS)
    while (next <= now) {
      next += msPerMessage
      if (!send()) await drained()
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}

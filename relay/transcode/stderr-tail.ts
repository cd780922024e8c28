import { redact } from './redact.ts'

/** Enough for the reason of a failure, and a bound for a stream that complains about every frame. */
export const STDERR_TAIL_CHARS = 25 * 1024

/** The end of what a process said. Memory is bounded by twice the tail. */
export interface StderrTail {
  push(text: string): void
  /** Whole lines, secrets redacted. */
  text(): string
}

export function createStderrTail(): StderrTail {
  let kept = ''
  let cut = false
  return {
    push(text) {
      kept += text
      if (kept.length <= 2 * STDERR_TAIL_CHARS) return
      kept = kept.slice(-STDERR_TAIL_CHARS)
      cut = true
    },
    text() {
      const tooLong = kept.length > STDERR_TAIL_CHARS
      const tail = tooLong ? kept.slice(-STDERR_TAIL_CHARS) : kept
      // A line that lost its beginning could show half a URL, which no pattern recognises.
      const whole = cut || tooLong ? tail.slice(tail.indexOf('\n') + 1) : tail
      return redact(whole)
    },
  }
}

/** PURE. The last lines that say something, for a sentence in an error. */
export const lastWords = (stderr: string, lines = 3): string =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-lines)
    .join(' | ')

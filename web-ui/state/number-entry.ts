/** Channel numbers typed on a remote. It owns the digits typed so far and their timer. */
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Channel } from '../../relay/http/schemas.ts'
import type { PageClock } from './ports.ts'

/** After the last digit; long enough to find the next key in the dark. */
const ENTRY_MS = 1_600
/** Channel numbers have four digits at most. */
const MAX_DIGITS = 4

export type Entry = { readonly kind: 'none' } | { readonly kind: 'typing'; readonly digits: string; readonly match: Channel | undefined }

export interface NumberEntry {
  readonly entry: ReadonlySignal<Entry>
  digit(digit: string): void
  /** Takes the number at once; false when there was none. */
  commit(): boolean
  clear(): void
}

/** PURE. True when no further digit could make another channel's number of `digits`. */
export const isFinal = (channels: readonly Channel[], digits: string): boolean =>
  digits.length >= MAX_DIGITS || !channels.some(({ number }) => String(number).length > digits.length && String(number).startsWith(digits))

export function createNumberEntry(deps: {
  readonly clock: PageClock
  readonly channels: () => readonly Channel[]
  tune(channel: Channel): void
}): NumberEntry {
  const entry = signal<Entry>({ kind: 'none' })
  let cancel = (): void => {}
  const clear = (): void => {
    cancel()
    entry.value = { kind: 'none' }
  }
  const commit = (): boolean => {
    const typed = entry.value
    if (typed.kind === 'none') return false
    clear()
    if (typed.match !== undefined) deps.tune(typed.match)
    return true
  }
  return {
    entry,
    clear,
    commit,
    digit(digit) {
      const before = entry.value.kind === 'typing' ? entry.value.digits : ''
      const digits = `${before}${digit}`.slice(-MAX_DIGITS)
      const match = deps.channels().find((channel) => channel.number === Number(digits))
      entry.value = { kind: 'typing', digits, match }
      cancel()
      if (match !== undefined && isFinal(deps.channels(), digits)) {
        // the name is shown for a moment before the picture changes
        cancel = deps.clock.after(ENTRY_MS / 4, commit)
      } else cancel = deps.clock.after(ENTRY_MS, commit)
    },
  }
}

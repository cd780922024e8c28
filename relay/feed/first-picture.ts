/** A join up to its first picture, or the reason why there is none within the deadline. Whatever goes wrong, nothing stays behind. */
import { abortable } from '../abortable.ts'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import type { Feed } from './feed.ts'

/** A feed with what must be let go of when nobody wants it any more: the swarm, or the ffmpeg behind it. */
export interface Tuned extends AsyncDisposable {
  readonly feed: Feed
}

export interface FirstPicture {
  /** For the messages. */
  readonly channel: string
  readonly open: (signal: AbortSignal) => Promise<Tuned>
  /** What is known of the channel at the deadline; undefined: nothing. */
  readonly onAir: (() => boolean | undefined) | undefined
  /** Gets what was opened in vain, or too late. */
  readonly letGo: (tuned: Tuned) => void
  readonly deadlineMs: number
  readonly clock: Clock
  /** Aborted at the deadline too, with the error that tells why. */
  readonly lifetime: AbortController
}

const MS_PER_SECOND = 1000

/** Resolves when a reader would begin at once. Throws `channel-off-air`, `tune-timeout`, what `open` throws, and the lifetime's reason. */
export async function firstPicture(options: FirstPicture): Promise<Tuned> {
  const { channel, clock, lifetime, deadlineMs, letGo } = options
  const { signal } = lifetime
  let joined = false

  const verdict = (): RelayError => {
    if (options.onAir?.() === false) return new RelayError('channel-off-air', `channel ${channel} is off air; try again when it broadcasts`)
    const seen = joined ? 'its swarm sent no picture' : 'no peer that carries it was found'
    const within = `within ${deadlineMs / MS_PER_SECOND} s`
    return new RelayError('tune-timeout', `channel ${channel} did not start: ${seen} ${within}; try again, or see the peers page`)
  }

  using _deadline = clock.after(deadlineMs, () => lifetime.abort(verdict()))
  const opening = options.open(signal)
  let tuned: Tuned
  try {
    tuned = await abortable(opening, signal)
  } catch (error) {
    opening.then(letGo).catch(() => {}) // its failure is the one that is thrown here
    throw error
  }
  joined = true
  try {
    if (await abortable(tuned.feed.ready, signal)) return tuned
    throw new RelayError('channel-off-air', `channel ${channel} went off air before its picture came; try again when it broadcasts`)
  } catch (error) {
    letGo(tuned)
    throw error
  }
}

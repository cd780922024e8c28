/** What the HTTP server streams, out of the tuner's feeds. */
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import { streamTs } from '../feed/ts-stream.ts'
import type { Tuner } from '../feed/tuner.ts'
import type { HlsPort, LivePort } from '../http/ports.ts'
import type { Log } from '../log.ts'
import { createHls } from '../transcode/hls.ts'
import { ORIGINAL, profileById, PROFILES } from '../transcode/profile.ts'

interface StreamsDeps {
  readonly tuner: Tuner
  readonly clock: Clock
  readonly log: Log
}

/** The tuner's name of a profile: none for the feed as it is. Throws `profile-not-found`. */
function profileKey(id: string | undefined): string | undefined {
  if (id === undefined || id === ORIGINAL.id) return undefined
  if (profileById(id) === undefined) {
    throw new RelayError('profile-not-found', `there is no profile ${id}; there are ${PROFILES.map((profile) => profile.id).join(', ')}`)
  }
  return id
}

export function livePort({ tuner, clock }: StreamsDeps): LivePort {
  let streams = 0
  return {
    async open({ channel, profile, from }, signal) {
      const lease = await tuner.tune(channel, profileKey(profile), signal)
      return {
        writeTo: async (out, streamSignal) => {
          const reader = lease.feed.openReader({ from: from ?? 'live' })
          streams += 1
          const end = await streamTs({ reader, to: out, clock, streams: () => streams }, streamSignal).done
          streams -= 1 // `done` never rejects
          if (end === 'aborted') streamSignal.throwIfAborted()
        },
        [Symbol.dispose]: () => lease[Symbol.dispose](),
      }
    },
  }
}

export function hlsPort({ tuner, clock, log }: StreamsDeps): HlsPort {
  return {
    async open({ channel, profile }, signal) {
      await using opened = new AsyncDisposableStack()
      const lease = opened.use(await tuner.tune(channel, profileKey(profile), signal))
      const query = profile === undefined ? '' : `?profile=${encodeURIComponent(profile)}`
      const hls = opened.use(createHls({ feed: lease.feed, clock, log, query }))
      const held = opened.move()
      return {
        playlist: (playlistSignal) => hls.playlist(playlistSignal),
        segment: (number) => hls.segment(number),
        ended: hls.ended,
        [Symbol.asyncDispose]: () => held.disposeAsync(),
      }
    },
  }
}

/**
 * Which channels are on the air. The newest signed chunk header of each channel is passed from neighbour to neighbour, at most one a
 * second and channel, so that a relay knows without tuning. Owns the newest header of each channel and what is still to be sent.
 */
import type { ChunkHeader } from '../chunk/chunk.ts'
import { createVerifier, type ChunkVerifier } from '../chunk/sign.ts'
import type { Clock } from '../clock.ts'
import type { PeerId } from '../overlay/overlay.ts'

export type Air =
  | { readonly kind: 'on-air'; readonly header: ChunkHeader }
  /** `since` in ms since the Unix epoch; undefined when it was never heard of. */
  | { readonly kind: 'off-air'; readonly since: number | undefined }
  | { readonly kind: 'unknown' }

export interface BeaconsDeps {
  readonly clock: Clock
  /** Tells the neighbours, all but one. */
  send(channelId: string, key: Uint8Array, header: ChunkHeader, except: PeerId | undefined): void
  changed(channelId: string, air: Air): void
  /** Since when (monotonic ms) there is somebody who would tell us of this channel; undefined: nobody. */
  listeningSince(channelId: string): number | undefined
}

export interface Beacons extends Disposable {
  /** The channels there are, by id; others are forgotten. */
  setChannels(keys: ReadonlyMap<string, Uint8Array>): void
  /** A header that somebody sent. */
  receive(channelId: string, encoded: Uint8Array, from: PeerId): 'newer' | 'known' | 'unknown-channel' | 'forged'
  /** A header that we verified or signed ourselves. */
  report(channelId: string, header: ChunkHeader): void
  air(channelId: string): Air
  /** What a new neighbour is told: the newest headers of the channels on the air. */
  onAir(): Iterable<{ readonly channelId: string; readonly key: Uint8Array; readonly header: ChunkHeader }>
}

/** Each channel's header goes out at most this often, */
const INTERVAL_MS = 1000
/** and all together at most so many a second to one neighbour: 50 of 157 bytes are 63 kbit/s. */
const BEACONS_PER_SECOND = 50
/** Three beacons that did not come. */
const SILENCE_MS = 3500
const TICK_MS = 100

interface ChannelState {
  readonly key: Uint8Array
  readonly verifier: ChunkVerifier
  newest: ChunkHeader | undefined
  /** Monotonic ms. */
  arrived: number
  sent: number
  unsent: { readonly except: PeerId | undefined } | undefined
  air: Air
}

/** PURE. The least time between two beacons of a channel when there are so many channels, ms. */
export const beaconInterval = (channels: number): number => Math.max(INTERVAL_MS, Math.ceil(channels / BEACONS_PER_SECOND) * INTERVAL_MS)

/** PURE. How long a channel may be silent before it counts as off the air, ms. */
export const silenceLimit = (channels: number): number => SILENCE_MS + beaconInterval(channels) - INTERVAL_MS

export interface AirView {
  readonly before: Air
  readonly newest: ChunkHeader | undefined
  /** Monotonic ms. */
  readonly arrived: number
  readonly listeningSince: number | undefined
  readonly now: number
  /** ms since the Unix epoch. */
  readonly wall: number
  readonly limit: number
}

/** PURE. What is known of a channel now; the same object as before when nothing has changed. */
export function planAir({ before, newest, arrived, listeningSince, now, wall, limit }: AirView): Air {
  if (newest !== undefined) {
    if (!newest.ends && now - arrived < limit)
      return before.kind === 'on-air' && before.header === newest ? before : { kind: 'on-air', header: newest }
    return before.kind === 'off-air' ? before : { kind: 'off-air', since: wall - (now - arrived) }
  }
  if (before.kind === 'unknown' && listeningSince !== undefined && now - listeningSince >= limit)
    return { kind: 'off-air', since: undefined }
  return before
}

export function startBeacons(deps: BeaconsDeps): Beacons {
  const { clock } = deps
  const channels = new Map<string, ChannelState>()

  const flush = (id: string, state: ChannelState): void => {
    if (state.unsent === undefined || state.newest === undefined) return
    const due = state.newest.ends || clock.monotonic() - state.sent >= beaconInterval(channels.size)
    if (!due) return
    const { except } = state.unsent
    state.unsent = undefined
    state.sent = clock.monotonic()
    deps.send(id, state.key, state.newest, except)
  }
  const look = (id: string, state: ChannelState): void => {
    const air = planAir({
      before: state.air,
      newest: state.newest,
      arrived: state.arrived,
      listeningSince: deps.listeningSince(id),
      now: clock.monotonic(),
      wall: clock.now(),
      limit: silenceLimit(channels.size),
    })
    const isNews = air.kind !== state.air.kind
    state.air = air
    if (isNews) deps.changed(id, air)
  }
  const keep = (id: string, state: ChannelState, header: ChunkHeader, from: PeerId | undefined): void => {
    state.newest = header
    state.arrived = clock.monotonic()
    state.unsent = { except: from }
    look(id, state)
    flush(id, state)
  }
  const isNewer = (state: ChannelState, sequence: number): boolean => state.newest === undefined || sequence > state.newest.sequence

  const ticking = clock.every(TICK_MS, () => {
    for (const [id, state] of channels) {
      flush(id, state)
      look(id, state)
    }
  })

  return {
    setChannels(keys) {
      for (const id of channels.keys()) if (!keys.has(id)) channels.delete(id)
      for (const [id, key] of keys) {
        if (channels.has(id)) continue
        channels.set(id, {
          key,
          verifier: createVerifier(key),
          newest: undefined,
          arrived: 0,
          sent: -Infinity,
          unsent: undefined,
          air: { kind: 'unknown' },
        })
      }
    },
    receive(id, encoded, from) {
      const state = channels.get(id)
      if (state === undefined) return 'unknown-channel'
      // What we have already needs no second look: the same bytes come from every neighbour.
      if (state.newest !== undefined && Buffer.compare(state.newest.encoded, encoded) === 0) return 'known'
      const header = state.verifier.header(encoded)
      if (header === undefined) return 'forged'
      if (!isNewer(state, header.sequence)) return 'known'
      keep(id, state, header, from)
      return 'newer'
    },
    report(id, header) {
      const state = channels.get(id)
      if (state !== undefined && isNewer(state, header.sequence)) keep(id, state, header, undefined)
    },
    air: (id) => channels.get(id)?.air ?? { kind: 'unknown' },
    *onAir() {
      for (const [channelId, { key, newest, air }] of channels) {
        if (air.kind === 'on-air' && newest !== undefined) yield { channelId, key, header: newest }
      }
    },
    [Symbol.dispose]: () => ticking[Symbol.dispose](),
  }
}

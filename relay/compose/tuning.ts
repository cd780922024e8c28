/** How the tuner gets a feed: a channel from its swarm, a rendition from ffmpeg. */
import { createRing } from '../chunk/ring.ts'
import { createVerifier } from '../chunk/sign.ts'
import type { Clock } from '../clock.ts'
import { RelayError } from '../errors.ts'
import { openFeed, type Feed } from '../feed/feed.ts'
import type { Tuned } from '../feed/first-picture.ts'
import type { Log } from '../log.ts'
import type { Networks } from '../network/networks.ts'
import type { Swarms } from '../swarm/swarms.ts'
import type { Violations } from './peers.ts'
import type { StartFfmpeg } from '../transcode/ffmpeg.ts'
import { profileById } from '../transcode/profile.ts'
import { openRendition } from '../transcode/rendition.ts'
import { WINDOW_BYTES } from './window.ts'

export interface TuningDeps {
  readonly networks: Networks
  readonly swarms: Swarms
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
  readonly log: Log
}

/** A rendition's past is only for the house. */
const RENDITION_WINDOW_BYTES = 16 * 2 ** 20

export async function joinChannel(deps: TuningDeps, violations: Violations, channelId: string, signal: AbortSignal): Promise<Tuned> {
  const { networks, swarms, clock, log } = deps
  const channel = networks.channel(channelId)
  if (channel === undefined) throw new RelayError('channel-not-found', `no network of this relay has the channel ${channelId}`)
  await using started = new AsyncDisposableStack()
  const ring = createRing({ maxBytes: WINDOW_BYTES })
  const swarm = started.use(
    await swarms.join({ channelKey: channel.key, role: 'peer', verifier: createVerifier(channel.key), ring }, signal),
  )
  started.use(swarm.events.on('edge', (header) => networks.reportEdge(channel.key, header)))
  started.use(violations.watch(swarm))
  started.use(networks.carry(channel.key))
  const feed = started.use(openFeed({ source: swarm, ring, clock, log, channel: channel.id, windowBytes: WINDOW_BYTES }))
  const running = started.move()
  return { feed, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

export async function renderFeed(deps: TuningDeps, feed: Feed, profileId: string, signal: AbortSignal): Promise<Tuned> {
  const { startFfmpeg, clock, log } = deps
  const profile = profileById(profileId)
  if (profile?.kind !== 'transcode') throw new RelayError('profile-not-found', `there is no transcode profile ${profileId}`)
  await using started = new AsyncDisposableStack()
  const rendition = started.use(await openRendition({ feed, profile, startFfmpeg, clock, log: log.child('rendition') }, signal))
  const rendered = started.use(
    openFeed({ source: rendition.source, clock, log, channel: `${feed.channel}/${profileId}`, windowBytes: RENDITION_WINDOW_BYTES }),
  )
  const running = started.move()
  return { feed: rendered, [Symbol.asyncDispose]: () => running.disposeAsync() }
}

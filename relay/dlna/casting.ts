/** Which renderer plays what: at most one cast each; a new one takes the place of the old. Owns the running casts. */
import type { Clock } from '../clock.ts'
import { isAbort, messageOf, RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { urlHost } from './addresses.ts'
import { createCastProcess } from './cast-process.ts'
import { followCast, startCast, stopCast, type CastTo, type Media } from './cast.ts'
import type { Callers } from './callers.ts'
import { livePath } from './paths.ts'
import { ORIGINAL_PROFILE, type DlnaPorts } from './ports.ts'
import { GENERIC, quirkOfDevice } from './quirks.ts'
import type { KnownRenderer, Renderers } from './renderers.ts'

export interface CastRequest {
  /** A channel's id or slug. */
  readonly channel: string
  /** Without one, or with `original`, the channel as it was broadcast. */
  readonly profile?: string | undefined
}

export interface Casting extends AsyncDisposable {
  /** Resolves when it plays. Throws `renderer-not-found`, `channel-not-found`, `channel-off-air`, `profile-not-found`, `renderer-refused`, `renderer-timeout`. */
  play(renderer: string, request: CastRequest, signal: AbortSignal): Promise<void>
  stop(renderer: string, signal: AbortSignal): Promise<void>
}

export interface CastingDeps {
  readonly ports: DlnaPorts
  readonly renderers: Renderers
  readonly callers: Callers
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** A TV that failed, and all at the end of the relay, are told to stop; nobody waits long for that. */
const GOODBYE_MS = 3000

export function createCasting(deps: CastingDeps, options: { readonly httpPort: number; readonly profiles: readonly string[] }): Casting {
  const { ports, renderers, callers, clock, log } = deps
  const child = createCastProcess({ clock, log })
  const casts = new Map<string, { readonly end: AbortController; readonly to: CastTo }>()

  const rendererOf = (id: string): KnownRenderer => {
    const known = renderers.find(id)
    if (known === undefined) throw new RelayError('renderer-not-found', `No TV "${id}" is on the network now`)
    return known
  }
  const channelOf = (name: string, profile: string | undefined): { readonly id: string; readonly slug: string; readonly title: string } => {
    const channel = ports.channels().find(({ id, slug }) => id === name || slug === name)
    if (channel === undefined) throw new RelayError('channel-not-found', `No channel "${name}" in any network of this relay`)
    if (channel.air === 'off-air') throw new RelayError('channel-off-air', `${channel.name} is off air`)
    if (profile !== undefined && !options.profiles.includes(profile)) {
      throw new RelayError('profile-not-found', `No profile "${profile}"; there are: ${options.profiles.join(', ') || 'none'}`)
    }
    return { id: channel.id, slug: channel.slug, title: `${channel.number} ${channel.name}` }
  }
  /** Ends our following; the renderer itself is told by the caller. */
  const forget = (id: string): void => {
    casts.get(id)?.end.abort()
    casts.delete(id)
  }

  const follow = async (id: string, channel: string, to: CastTo, end: AbortController): Promise<void> => {
    try {
      await followCast(
        { process: child, clock },
        to,
        (position) => renderers.setState(id, { kind: 'playing', channel, position }),
        end.signal,
      )
      renderers.setState(id, { kind: 'idle' })
    } catch (error) {
      if (end.signal.aborted || isAbort(error)) return
      log.warn('a TV was lost while it played', { name: to.description.name, error: messageOf(error) })
      renderers.setState(id, { kind: 'failed', reason: messageOf(error) })
    } finally {
      if (casts.get(id)?.end === end) {
        casts.delete(id)
        callers.promise(to.address, undefined)
      }
    }
  }

  const goodbye = async (targets: readonly CastTo[]): Promise<void> => {
    const late = new AbortController()
    using _late = clock.after(GOODBYE_MS, () => late.abort())
    await Promise.allSettled(targets.map((to) => stopCast({ process: child, clock }, to, late.signal)))
  }

  return {
    async play(id, request, signal) {
      const { description, address, link } = rendererOf(id)
      const profile = request.profile === ORIGINAL_PROFILE ? undefined : request.profile
      const { id: channel, slug, title } = channelOf(request.channel, profile)
      const device = [description.manufacturer, description.model, description.name].join(' ')
      const quirk = quirkOfDevice(device) ?? GENERIC
      const to: CastTo = { description, address, quirk }
      const media: Media = {
        live: true,
        transcoded: profile !== undefined,
        title,
        class: quirk.broadcastClass ? 'object.item.videoItem.videoBroadcast' : 'object.item.videoItem',
        url: `http://${urlHost(link.address)}:${options.httpPort}${livePath({ channel: slug, profile })}`,
      }
      forget(id)
      const end = new AbortController()
      casts.set(id, { end, to })
      renderers.setState(id, { kind: 'starting', channel })
      if (quirk !== GENERIC) callers.learn(address, quirk)
      try {
        await startCast(
          { process: child, clock },
          to,
          media,
          (mime) => callers.promise(address, mime),
          AbortSignal.any([signal, end.signal]),
        )
      } catch (error) {
        if (casts.get(id)?.end === end) {
          casts.delete(id)
          callers.promise(address, undefined)
          renderers.setState(id, isAbort(error) ? { kind: 'idle' } : { kind: 'failed', reason: messageOf(error) })
          // else it hangs in its last state; a cast that another has replaced leaves this to it
          await goodbye([to])
        }
        throw error
      }
      renderers.setState(id, { kind: 'playing', channel, position: 0 })
      log.info('a TV plays', { name: description.name, channel: slug })
      follow(id, channel, to, end).catch((error: unknown) => log.error('following a TV failed', { error: messageOf(error) }))
    },
    async stop(id, signal) {
      const { description, address } = rendererOf(id)
      forget(id)
      callers.promise(address, undefined)
      renderers.setState(id, { kind: 'idle' })
      await stopCast({ process: child, clock }, { description, address, quirk: GENERIC }, signal)
    },
    async [Symbol.asyncDispose]() {
      const playing = [...casts]
      for (const [id] of playing) forget(id)
      await goodbye(playing.map(([, { to }]) => to))
      await child[Symbol.asyncDispose]()
    },
  }
}

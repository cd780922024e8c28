/**
 * The TVs and speakers of the house. Owns the list: who has been seen, described and vetted, until when they count as there, and
 * what we are doing with each.
 */
import type { Clock } from '../clock.ts'
import { isAbort, messageOf } from '../errors.ts'
import { Events, type EventSource } from '../events.ts'
import type { Log } from '../log.ts'
import type { LanInterface } from './interfaces.ts'
import type { Sighting } from './node-ssdp.ts'
import { fetchDescription, type RendererDescription } from './renderer-description.ts'

export const RENDERER_TYPE = 'urn:schemas-upnp-org:device:MediaRenderer:1'

export type RendererState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting'; readonly channel: string }
  /** `position` in seconds. */
  | { readonly kind: 'playing'; readonly channel: string; readonly position: number }
  | { readonly kind: 'failed'; readonly reason: string }

/** As the API shows it. */
export interface Renderer {
  readonly id: string
  readonly name: string
  readonly manufacturer?: string
  readonly model?: string
  readonly state: RendererState
}

export interface KnownRenderer {
  readonly id: string
  readonly description: RendererDescription
  readonly address: string
  readonly link: LanInterface
}

export interface Renderers extends Disposable {
  readonly events: EventSource<{ readonly changed: readonly Renderer[] }>
  list(): readonly Renderer[]
  find(id: string): KnownRenderer | undefined
  setState(id: string, state: RendererState): void
  sighted(sighting: Sighting, link: LanInterface): void
}

/** More than any house has; a stranger cannot make the list longer. */
const MAX_RENDERERS = 64
/** Descriptions fetched at the same time. */
const MAX_FETCHES = 8
/** A device that says nothing of its age, and the most that we believe. */
const DEFAULT_AGE_S = 1800
const MAX_AGE_S = 7200
const SWEEP_MS = 10_000
/** A device whose description could not be had is not asked again for so long. */
const REFUSED_MS = 60_000

interface Entry {
  readonly known: KnownRenderer
  readonly location: string
  state: RendererState
  expires: number
}

const MEDIA_RENDERER = /^urn:schemas-upnp-org:device:MediaRenderer:[1-9]$/

export function createRenderers(deps: { readonly clock: Clock; readonly log: Log }, signal: AbortSignal): Renderers {
  const { clock, log } = deps
  const events = new Events<{ readonly changed: readonly Renderer[] }>()
  const entries = new Map<string, Entry>()
  const fetching = new Set<string>()
  const refused = new Map<string, number>()

  const list = (): readonly Renderer[] =>
    [...entries.values()].map(({ known: { id, description }, state }) => ({
      id,
      name: description.name,
      ...(description.manufacturer === undefined ? {} : { manufacturer: description.manufacturer }),
      ...(description.model === undefined ? {} : { model: description.model }),
      state,
    }))
  const changed = (): void => events.emit('changed', list())
  const busy = ({ state }: Entry): boolean => state.kind === 'starting' || state.kind === 'playing'

  const sweep = (): void => {
    const now = clock.monotonic()
    for (const [location, until] of refused) if (until <= now) refused.delete(location)
    const gone = [...entries].filter(([, entry]) => entry.expires <= now && !busy(entry))
    for (const [id] of gone) entries.delete(id)
    if (gone.length > 0) changed()
  }
  const sweeping = clock.every(SWEEP_MS, sweep)

  const expiry = (sighting: Sighting): number => clock.monotonic() + Math.min(sighting.maxAge ?? DEFAULT_AGE_S, MAX_AGE_S) * 1000

  const describe = async (sighting: Sighting, location: string, link: LanInterface): Promise<void> => {
    const description = await fetchDescription(clock, location, sighting.address, signal)
    const id = description.udn
    const before = entries.get(id)
    if (before === undefined && entries.size >= MAX_RENDERERS) return log.warn('more TVs than we keep', { name: description.name })
    // one that is heard on two interfaces keeps its first address for as long as that one counts
    if (before !== undefined && before.known.address !== sighting.address && before.expires > clock.monotonic()) return undefined
    entries.set(id, {
      known: { id, description, address: sighting.address, link },
      location,
      state: before?.state ?? { kind: 'idle' },
      expires: expiry(sighting),
    })
    if (before === undefined) log.info('found a TV', { name: description.name, address: sighting.address })
    changed()
  }

  const alive = (sighting: Sighting, link: LanInterface): void => {
    const { location, address } = sighting
    if (location === undefined || !MEDIA_RENDERER.test(sighting.target)) return
    const known = [...entries.values()].find((entry) => entry.location === location && entry.known.address === address)
    if (known !== undefined) {
      known.expires = expiry(sighting)
      return
    }
    if (fetching.has(location) || fetching.size >= MAX_FETCHES || (refused.get(location) ?? 0) > clock.monotonic()) return
    fetching.add(location)
    describe(sighting, location, link)
      .catch((error: unknown) => {
        if (isAbort(error) && signal.aborted) return
        if (refused.size >= MAX_RENDERERS) refused.clear()
        refused.set(location, clock.monotonic() + REFUSED_MS)
        log.debug('a TV could not be described', { location, error: messageOf(error) })
      })
      .finally(() => fetching.delete(location))
  }

  const byebye = (sighting: Sighting): void => {
    const udn = sighting.usn.split('::', 1)[0]?.replace(/^uuid:/, '')
    const entry = udn === undefined ? undefined : entries.get(udn)
    // nobody says goodbye for somebody else
    if (udn === undefined || entry === undefined || entry.known.address !== sighting.address) return
    entries.delete(udn)
    changed()
  }

  return {
    events,
    list,
    find: (id) => entries.get(id)?.known,
    setState(id, state) {
      const entry = entries.get(id)
      if (entry === undefined) return
      entry.state = state
      changed()
    },
    sighted: (sighting, link) => (sighting.kind === 'alive' ? alive(sighting, link) : byebye(sighting)),
    [Symbol.dispose]: () => sweeping[Symbol.dispose](),
  }
}

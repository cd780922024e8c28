/**
 * The relay's lists as the page knows them. It owns one signal a resource, the event connection that feeds them, and the
 * knowledge whether that connection stands. Reading is for everybody, writing for link and actions.
 */
import { signal, type Signal } from '@preact/signals'
import type { Channel, Network, Recording, Renderer, Status, Swarm } from '../../relay/http/schemas.ts'
import type { Api, ApiProblem, OpenEvents, PageClock } from './ports.ts'

export type Loadable<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly problem: ApiProblem }

/** The connection to the relay: `lost` shows the banner. */
export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly since: number; readonly retryAt: number }

export interface Resources {
  readonly channels: Signal<Loadable<readonly Channel[]>>
  readonly recordings: Signal<Loadable<readonly Recording[]>>
  readonly renderers: Signal<Loadable<readonly Renderer[]>>
  readonly swarms: Signal<Loadable<readonly Swarm[]>>
  readonly networks: Signal<Loadable<readonly Network[]>>
  readonly status: Signal<Loadable<Status>>
}
export type ResourceName = keyof Resources

export const RESOURCE_NAMES: readonly ResourceName[] = ['channels', 'recordings', 'renderers', 'swarms', 'networks', 'status']

const loading = { kind: 'loading' } as const

export const createResources = (): Resources => ({
  channels: signal(loading),
  recordings: signal(loading),
  renderers: signal(loading),
  swarms: signal(loading),
  networks: signal(loading),
  status: signal(loading),
})

/** The list, or an empty one while it is not known. */
export const listOf = <T>(resource: Signal<Loadable<readonly T[]>>): readonly T[] =>
  resource.value.kind === 'ready' ? resource.value.value : []

const FIRST_RETRY_MS = 1_000
/** The relay is in the house: asking again this often costs nothing. */
const MAX_RETRY_MS = 8_000

/** PURE. Pause before the connection is tried again, `attempt` counting from 0. */
export const reconnectPause = (attempt: number): number => Math.min(FIRST_RETRY_MS * 2 ** attempt, MAX_RETRY_MS)

export interface LinkDeps {
  readonly api: Api
  readonly openEvents: OpenEvents
  readonly clock: PageClock
}

/**
 * Keeps `resources` as the relay tells them: each is asked for once, then events replace it whole; after a lost connection all
 * are asked for again. An answer that an event overtook is dropped.
 */
export function connect(deps: LinkDeps, resources: Resources): { readonly link: Signal<Link>; retryNow(): void; close(): void } {
  const link = signal<Link>({ kind: 'connecting' })
  /** Counts what was written to each resource, so that a slow answer can tell that it is old. */
  const written = new Map<ResourceName, number>()
  let attempt = 0
  let closed = false
  let events: { close(): void } | undefined
  let cancelRetry = (): void => {}

  const write = (name: ResourceName, value: unknown): void => {
    written.set(name, (written.get(name) ?? 0) + 1)
    ;(resources[name] as Signal<Loadable<unknown>>).value = { kind: 'ready', value }
  }

  const ask = async (name: ResourceName): Promise<void> => {
    const before = written.get(name) ?? 0
    const reply = await deps.api.get<unknown>(name)
    if (closed || (written.get(name) ?? 0) !== before) return
    if (reply.ok) write(name, reply.value)
    else if (resources[name].value.kind !== 'ready') resources[name].value = { kind: 'failed', problem: reply.problem }
  }

  const onLost = (): void => {
    if (closed) return
    events?.close()
    events = undefined
    const pause = reconnectPause(attempt)
    attempt += 1
    const now = deps.clock.now()
    link.value = { kind: 'lost', since: link.value.kind === 'lost' ? link.value.since : now, retryAt: now + pause }
    cancelRetry()
    cancelRetry = deps.clock.after(pause, open)
  }

  const open = (): void => {
    if (closed) return
    cancelRetry()
    events?.close()
    events = deps.openEvents(RESOURCE_NAMES, {
      onOpen: () => {
        attempt = 0
        link.value = { kind: 'open' }
        for (const name of RESOURCE_NAMES) ask(name).catch(() => {})
      },
      onEvent: (name, data) => {
        if ((RESOURCE_NAMES as readonly string[]).includes(name)) write(name as ResourceName, data)
      },
      onLost,
    })
  }

  // the lists do not wait for the events' connection
  for (const name of RESOURCE_NAMES) ask(name).catch(() => {})
  open()

  return {
    link,
    retryNow: open,
    close: () => {
      closed = true
      cancelRetry()
      events?.close()
    },
  }
}

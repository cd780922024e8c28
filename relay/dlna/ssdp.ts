/**
 * SSDP on all LAN interfaces: follows them as they come and go, announces us on each, and passes on what is seen of others. Owns the
 * endpoints and the times of the announcements.
 */
import { networkInterfaces } from 'node:os'
import { messageOf } from '../errors.ts'
import { supervise } from '../supervise.ts'
import { lanInterfaces, planInterfaces, type LanInterface } from './interfaces.ts'
import { MAX_AGE_S, openSsdp, type Advertisement, type Sighting, type SsdpDeps, type SsdpEndpoint } from './node-ssdp.ts'

export interface SsdpOptions {
  readonly advertisement: Omit<Advertisement, 'location'>
  location(link: LanInterface): string
  /** Names of interfaces to use; undefined: all that face the LAN. */
  readonly interfaces: readonly string[] | undefined
  readonly port: number
  /** Whom we look for. */
  readonly searchTarget: string
  onSighting(sighting: Sighting, link: LanInterface): void
}

export interface Ssdp extends AsyncDisposable {
  /** The interfaces on which we are announced now. */
  links(): readonly LanInterface[]
}

/** Wi-Fi and DHCP come and go; a new interface is announced within this time. */
const WATCH_MS = 5000
/** After byebye, which clears what a control point still knew of our last life (UDA 2.0 §1.2.2). */
const FIRST_SETS_MS = [0, 300, 2700]
/** Ours count for MAX_AGE_S; said again before half of that has gone, at a random moment so that a house does not speak in chorus. */
const REPEAT_MS = { least: (MAX_AGE_S / 2 - 90) * 1000, spread: 60_000 }
/** A TV that was asleep or deaf is found by the next search; more often would keep some sets awake. */
const SEARCH_MS = 300_000
const FIRST_SEARCHES_MS = [0, 1000, 3000]
const RETRY_MS = 5000

export async function startSsdp(deps: SsdpDeps, options: SsdpOptions, signal: AbortSignal): Promise<Ssdp> {
  const { clock, random, log } = deps
  const lifetime = new AbortController()
  const endpoints = new Map<LanInterface, { readonly endpoint: SsdpEndpoint; readonly stop: AbortController }>()

  /** Announces and searches on one interface until it goes. */
  const speak = (endpoint: SsdpEndpoint, stop: AbortSignal): void => {
    const announce = async (over: AbortSignal): Promise<void> => {
      for (const [index, at] of FIRST_SETS_MS.entries()) {
        await clock.sleep(at - (FIRST_SETS_MS[index - 1] ?? 0), over)
        await endpoint.advertise('alive')
      }
      for (;;) {
        await clock.sleep(REPEAT_MS.least + random.next() * REPEAT_MS.spread, over)
        await endpoint.advertise('alive')
      }
    }
    const look = async (over: AbortSignal): Promise<void> => {
      for (const [index, at] of FIRST_SEARCHES_MS.entries()) {
        await clock.sleep(at - (FIRST_SEARCHES_MS[index - 1] ?? 0), over)
        await endpoint.search(options.searchTarget)
      }
      for (;;) {
        await clock.sleep(SEARCH_MS, over)
        await endpoint.search(options.searchTarget)
      }
    }
    supervise(`announcing on ${endpoint.link.name}`, announce, { clock, log, signal: stop, pauseMs: RETRY_MS })
    supervise(`looking for TVs on ${endpoint.link.name}`, look, { clock, log, signal: stop, pauseMs: RETRY_MS })
  }

  const open = async (link: LanInterface, wait: AbortSignal): Promise<void> => {
    const endpoint = await openSsdp(
      deps,
      {
        link,
        port: options.port,
        advertisement: { ...options.advertisement, location: options.location(link) },
        onSighting: (sighting) => options.onSighting(sighting, link),
      },
      wait,
    )
    if (lifetime.signal.aborted) return endpoint[Symbol.asyncDispose]()
    const stop = new AbortController()
    endpoints.set(link, { endpoint, stop })
    await endpoint.advertise('byebye')
    speak(endpoint, AbortSignal.any([stop.signal, lifetime.signal]))
    log.info('announced', { interface: link.name, address: link.address })
  }
  const close = async (link: LanInterface): Promise<void> => {
    const known = endpoints.get(link)
    endpoints.delete(link)
    known?.stop.abort()
    await known?.endpoint[Symbol.asyncDispose]()
  }

  const follow = async (wait: AbortSignal): Promise<void> => {
    const plan = planInterfaces([...endpoints.keys()], lanInterfaces(networkInterfaces(), options.interfaces))
    for (const link of plan.stop) {
      await close(link)
      log.info('an interface has gone', { interface: link.name, address: link.address })
    }
    for (const link of plan.start) {
      try {
        await open(link, wait)
      } catch (error) {
        wait.throwIfAborted()
        log.warn('cannot announce on an interface', { interface: link.name, error: messageOf(error) })
      }
    }
  }

  await follow(signal)
  const watch = async (over: AbortSignal): Promise<void> => {
    for (;;) {
      await clock.sleep(WATCH_MS, over)
      await follow(over)
    }
  }
  supervise('watching the network interfaces', watch, { clock, log, signal: lifetime.signal, pauseMs: RETRY_MS })

  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    lifetime.abort()
    await Promise.all([...endpoints.values()].map(({ endpoint }) => endpoint.advertise('byebye')))
    await Promise.all([...endpoints.keys()].map(close))
  }
  return {
    links: () => [...endpoints.keys()],
    [Symbol.asyncDispose]() {
      stopping ??= stop()
      return stopping
    },
  }
}

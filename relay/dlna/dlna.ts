/** The DLNA side of the relay: seen, browsed and played by TVs, and seeing them. Composition of this folder. */
import { readFile } from 'node:fs/promises'
import { hostname, networkInterfaces, release, type } from 'node:os'
import { Events, type EventSource } from '../events.ts'
import { createCallers } from './callers.ts'
import { createCasting, type CastRequest } from './casting.ts'
import { connectionManager } from './connection-manager.ts'
import { createContentDirectory } from './content-directory.ts'
import { createContentTree, ROOT_ID } from './content-tree.ts'
import { DEVICE_TYPE, ICONS } from './description.ts'
import { createEventing } from './gena.ts'
import { DEVICE_PATH } from './paths.ts'
import type { DlnaDeps } from './ports.ts'
import { SSDP_PORT } from './node-ssdp.ts'
import { registrar } from './registrar.ts'
import { createRenderers, RENDERER_TYPE, type Renderer } from './renderers.ts'
import { createRouter, type Handler } from './router.ts'
import { startSsdp } from './ssdp.ts'

export interface DlnaOptions {
  /** The port on which `handle` is served, on every interface. */
  readonly httpPort: number
  /** As TVs show it; any script. */
  readonly name: string
  /** `uuid:...`, stable over restarts. */
  readonly udn: string
  readonly version: string
  /** Names of network interfaces, `lo` included; undefined: all that face the LAN, or loopback where there is none. */
  readonly interfaces?: readonly string[] | undefined
  /** Further names by which the house calls us, beside addresses, `localhost` and the host's own name. @default [] */
  readonly hostNames?: readonly string[]
  /** Transcode profiles offered beside the original. @default ['h264'] */
  readonly profiles?: readonly string[]
  /** UDP port of SSDP. @default 1900; tests take another for a world of their own */
  readonly ssdpPort?: number
}

export interface Dlna extends AsyncDisposable {
  readonly handle: Handler
  readonly events: EventSource<{ readonly renderers: readonly Renderer[] }>
  renderers(): readonly Renderer[]
  /** Resolves when the TV plays. Throws `renderer-not-found`, `channel-not-found`, `channel-off-air`, `profile-not-found`, `renderer-refused`, `renderer-timeout`. */
  play(renderer: string, request: CastRequest, signal: AbortSignal): Promise<void>
  stop(renderer: string, signal: AbortSignal): Promise<void>
  /** Call it when channels, their air state or programmes, or recordings have changed; subscribers hear of what is new. */
  refresh(): void
  /** Names of the interfaces on which TVs find us now. */
  interfaces(): readonly string[]
}

/** A burst of changes is looked at once. The first is looked at immediately. */
const REFRESH_PAUSE_MS = 500
/** A programme that has just ended is asked for a moment later, so that the guide has moved on. */
const GUIDE_GRACE_MS = 200
/** Looked at even when nobody calls refresh(). */
const MAX_REFRESH_MS = 60_000

/** Resolves when TVs can find, describe and browse us. Interfaces that refuse are logged and tried again. */
export async function startDlna(deps: DlnaDeps, options: DlnaOptions, signal: AbortSignal): Promise<Dlna> {
  const { ports, clock, random } = deps
  const log = deps.log.child('dlna')
  const profiles = options.profiles ?? ['h264']
  const server = `${type()}/${release()} UPnP/1.0 DLNADOC/1.50 Tributary/${options.version}`
  const events = new Events<{ readonly renderers: readonly Renderer[] }>()
  await using started = new AsyncDisposableStack()
  const lifetime = new AbortController()
  started.defer(() => lifetime.abort())

  const icons = new Map(
    await Promise.all(ICONS.map(async ({ file }) => [file, await readFile(new URL(`assets/${file}`, import.meta.url))] as const)),
  )
  const tree = createContentTree({ ports, clock }, options.name)
  const contentDirectory = createContentDirectory(tree, profiles)
  const services = [contentDirectory, connectionManager, registrar]
  const eventing = started.use(createEventing({ clock, random, log }, { server }))
  const host = hostname().toLowerCase()
  const callers = createCallers({
    httpPort: options.httpPort,
    names: [host, `${host}.local`, ...(options.hostNames ?? [])],
    addresses: () => Object.values(networkInterfaces()).flatMap((infos) => infos?.map(({ address }) => address) ?? []),
  })
  const identity = { udn: options.udn, name: options.name, version: options.version }
  const handle = createRouter({ ports, callers, services, eventing, clock, log }, { identity, server, profiles, icons })

  const renderers = started.use(createRenderers({ clock, log }, lifetime.signal))
  started.use(renderers.events.on('changed', (list) => events.emit('renderers', list)))
  const casting = started.use(createCasting({ ports, renderers, callers, clock, random, log }, { httpPort: options.httpPort, profiles }))

  let boundary: Disposable | undefined
  let pause: Disposable | undefined
  let again = false
  const look = (): void => {
    const changed = tree.refresh()
    if (changed.length > 0)
      eventing.changed(
        contentDirectory,
        changed.filter((id) => id !== ROOT_ID),
      )
    boundary?.[Symbol.dispose]()
    const next = tree.nextChange()
    const wait = next === undefined ? MAX_REFRESH_MS : Math.min(next - clock.now() + GUIDE_GRACE_MS, MAX_REFRESH_MS)
    boundary = clock.after(wait, refresh)
  }
  const refresh = (): void => {
    if (lifetime.signal.aborted) return
    again = pause !== undefined
    if (again) return
    pause = clock.after(REFRESH_PAUSE_MS, () => {
      pause = undefined
      if (again) refresh()
    })
    look()
  }
  started.defer(() => {
    boundary?.[Symbol.dispose]()
    pause?.[Symbol.dispose]()
  })

  const ssdp = started.use(
    await startSsdp(
      { clock, random, log },
      {
        advertisement: {
          udn: options.udn,
          types: [DEVICE_TYPE, ...services.map((service) => service.type)],
          server,
          bootId: Math.floor(clock.now() / 1000),
        },
        location: ({ address }) => `http://${address}:${options.httpPort}${DEVICE_PATH}`,
        interfaces: options.interfaces,
        port: options.ssdpPort ?? SSDP_PORT,
        searchTarget: RENDERER_TYPE,
        onSighting: (sighting, link) => renderers.sighted(sighting, link),
      },
      signal,
    ),
  )
  refresh()

  const running = started.move()
  return {
    handle,
    events,
    renderers: () => renderers.list(),
    play: (renderer, request, over) => casting.play(renderer, request, over),
    stop: (renderer, over) => casting.stop(renderer, over),
    refresh,
    interfaces: () => ssdp.links().map(({ name }) => name),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/**
 * The child process that drives renderers by dlnacasts 0.1.0, and the only file that knows the package. What it mends:
 * connections are not kept alive (renderers close them without a word); discovery is ours, one dlnacasts() per renderer, so that two
 * TVs of one name stay two; descriptions are ours, already vetted, so that it parses nothing malformed and follows no stranger's URL;
 * it never subscribes, so its event server and its endless renewals never run; metadata is ASCII, since it counts UTF-16 units as
 * bytes; what it throws fails the command and not the process. The parent adds deadlines and starts this anew when it dies.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventEmitter } from 'node:events'
import http from 'node:http'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import type { CastAnswer, CastCommand } from './cast-messages.ts'
import { parseCommand } from './cast-messages.ts'

interface DeviceClient {
  deviceDescription: unknown
  serviceDescriptions: Record<string, unknown>
}
interface Player {
  client: DeviceClient
  request(service: string, action: string, args: Readonly<Record<string, string>>, done: (error: unknown, result?: unknown) => void): void
}
interface PlayerList extends EventEmitter {
  readonly players: readonly Player[]
}

/** A renderer that does not answer must not keep a socket; the parent's own deadline is longer. */
const SOCKET_TIMEOUT_MS = 8000
/** Players kept; the oldest makes room. */
const MAX_PLAYERS = 32
/** The description that dlnacasts itself reads answers at once or is of no use. */
const PLAYER_DEADLINE_MS = 5000

// The package makes its requests with the global agent: no keep-alive, and nobody but the renderers that the parent has vetted.
const vetted = new Set<string>()
const agent = new http.Agent({ keepAlive: false })
agent.createConnection = (options) => {
  const { host, port } = options as { host?: string; port?: number | string }
  if (host === undefined || !vetted.has(`${host}:${port}`)) throw new Error(`${host}:${port} is not a renderer that we know`)
  const socket = connect({ host, port: Number(port) })
  return socket.setTimeout(SOCKET_TIMEOUT_MS, () => socket.destroy(new Error('the TV does not answer')))
}
http.globalAgent = agent

const require = createRequire(import.meta.url)
const dlnacasts = require('dlnacasts') as () => PlayerList
const within = createRequire(require.resolve('dlnacasts'))
const { Client } = within('node-ssdp') as { Client: { prototype: EventEmitter & { search(target: string): void } } }
const MediaRenderer = within('upnp-mediarenderer-client') as new (url: string) => DeviceClient

/** The renderer that the next dlnacasts() is to find. */
let wanted: { readonly location: string; readonly address: string } | undefined
Client.prototype.search = function search(this: EventEmitter): void {
  const found = wanted
  if (found !== undefined) setImmediate(() => this.emit('response', { LOCATION: found.location }, 200, { address: found.address }))
}

const command = new AsyncLocalStorage<CastCommand>()
const pending = new Map<number, (answer: CastAnswer) => void>()
const players = new Map<string, Promise<Player>>()

const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  GetTransportInfo: ['CurrentTransportState', 'CurrentTransportStatus'],
  GetPositionInfo: ['RelTime', 'AbsTime', 'TrackDuration'],
  GetProtocolInfo: ['Sink'],
}
const described = {
  actions: new Proxy({}, { get: (_, name) => ({ outputs: (OUTPUTS[String(name)] ?? []).map((output) => ({ name: output })) }) }),
}

function playerFor({ renderer }: CastCommand): Promise<Player> {
  const key = `${renderer.location} ${renderer.transport.controlUrl}`
  const known = players.get(key)
  if (known !== undefined) return known
  const opening = new Promise<Player>((resolve, reject) => {
    wanted = { location: renderer.location, address: renderer.address }
    const timer = setTimeout(() => reject(new Error('the TV does not answer')), PLAYER_DEADLINE_MS)
    const list = dlnacasts()
    wanted = undefined
    list.once('update', (player: Player) => {
      clearTimeout(timer)
      const client = new MediaRenderer(renderer.location)
      const service = ({ type, controlUrl }: CastCommand['renderer']['transport']): unknown => ({
        serviceType: type,
        controlURL: controlUrl,
      })
      client.deviceDescription = {
        services: {
          'urn:upnp-org:serviceId:AVTransport': service(renderer.transport),
          ...(renderer.connections === undefined ? {} : { 'urn:upnp-org:serviceId:ConnectionManager': service(renderer.connections) }),
        },
      }
      client.serviceDescriptions = {
        'urn:upnp-org:serviceId:AVTransport': described,
        'urn:upnp-org:serviceId:ConnectionManager': described,
      }
      player.client = client
      resolve(player)
    })
  })
  players.set(key, opening)
  opening.catch(() => players.delete(key))
  const oldest = players.keys().next().value
  if (players.size > MAX_PLAYERS && oldest !== undefined) players.delete(oldest)
  return opening
}

const failure = (error: unknown): { readonly code: number | undefined; readonly message: string } => {
  const { errorCode, message } = error as { errorCode?: unknown; message?: unknown }
  const code = Number(errorCode)
  return { code: errorCode === undefined || !Number.isInteger(code) ? undefined : code, message: String(message ?? error) }
}

function answer(id: number, result: CastAnswer): void {
  const settle = pending.get(id)
  pending.delete(id)
  settle?.(result)
}

const refuseAll = (error: unknown): void => {
  for (const id of pending.keys()) answer(id, { id, ok: false, ...failure(error) })
}

// A malformed answer makes the package throw outside of every callback: that command has failed, the others have not.
process.on('uncaughtException', (error) => {
  const guilty = command.getStore()
  if (guilty === undefined) refuseAll(error)
  else answer(guilty.id, { id: guilty.id, ok: false, ...failure(error) })
})

async function run(wish: CastCommand): Promise<void> {
  for (const url of [wish.renderer.location, wish.renderer.transport.controlUrl, wish.renderer.connections?.controlUrl]) {
    if (url === undefined) continue
    const { hostname, port } = new URL(url)
    vetted.add(`${hostname}:${port === '' ? '80' : port}`)
  }
  const player = await playerFor(wish)
  player.request(wish.service, wish.action, wish.args, (error, result) => {
    if (error === null || error === undefined) answer(wish.id, { id: wish.id, ok: true, result: strings(result) })
    else answer(wish.id, { id: wish.id, ok: false, ...failure(error) })
  })
}

const strings = (result: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(result ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

process.on('message', (message) => {
  const wish = parseCommand(message)
  if (wish === undefined) return
  pending.set(wish.id, (settled) => process.send?.(settled))
  command.run(wish, () => {
    run(wish).catch((error: unknown) => answer(wish.id, { id: wish.id, ok: false, ...failure(error) }))
  })
})
process.on('disconnect', () => process.exit(0))

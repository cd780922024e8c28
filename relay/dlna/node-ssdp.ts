/**
 * SSDP on one interface, by node-ssdp 4.0.1. This file is the only one that knows the package; what it mends:
 * one server per interface with sockets of our own making, so that loopback works, packets leave by that interface, and nothing it does
 * to a socket can throw; every search passes the gate; no ad loop and no timer of its own; byebye is sent before the sockets close; a
 * bind that fails rejects; wildcards stay off.
 */
import { createSocket, type Socket } from 'node:dgram'
import ssdp, { type SsdpHeaders } from 'node-ssdp'
import type { Clock } from '../clock.ts'
import { RelayError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import { isOnLink } from './addresses.ts'
import type { LanInterface } from './interfaces.ts'
import { createSearchGate } from './search-gate.ts'

export interface SsdpDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Advertisement {
  /** `uuid:...` */
  readonly udn: string
  /** Device and service types; `upnp:rootdevice` and the udn come by themselves. */
  readonly types: readonly string[]
  /** A URL that is reachable through this interface. */
  readonly location: string
  readonly server: string
  /** UDA 1.1: constant until the next start. */
  readonly bootId: number
}

/** Somebody else's NOTIFY or answer, from this interface's own subnet. */
export interface Sighting {
  readonly kind: 'alive' | 'byebye'
  /** NT or ST. */
  readonly target: string
  readonly usn: string
  readonly location: string | undefined
  /** Seconds, as said. */
  readonly maxAge: number | undefined
  readonly address: string
}

export interface SsdpEndpoint extends AsyncDisposable {
  readonly link: LanInterface
  /** Sends one set of alive or byebye; resolves when the packets have left. */
  advertise(kind: 'alive' | 'byebye'): Promise<void>
  search(target: string): Promise<void>
}

export interface SsdpEndpointOptions {
  readonly link: LanInterface
  readonly advertisement: Advertisement
  /** UDP port of the group: 1900, unless a test wants its own world. */
  readonly port: number
  readonly onSighting: (sighting: Sighting) => void
}

export const SSDP_PORT = 1900
/** UDA 1.1 §1.1.3. */
const MULTICAST_TTL = 2
/** UDA's lower limit; what node-ssdp writes into NOTIFY whatever it is told. */
export const MAX_AGE_S = 1800
/** Binding takes no time, or never ends. */
const START_DEADLINE_MS = 2000
/** Six small packets; a network that has gone must not hold up the stop. */
const FLUSH_DEADLINE_MS = 1000

interface GuardedSocket {
  readonly socket: Socket
  /** Resolves when nothing waits to be sent. */
  flushed(): Promise<void>
}

/**
 * A socket whose membership and sends cannot throw, and which knows what is still on its way. `failed` hears of the first error of
 * any kind; the package's own answers to errors are silence or a crash.
 */
function guardedSocket(link: LanInterface, failed: (error: Error) => void): GuardedSocket {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  const guard = (act: () => void): void => {
    try {
      act()
    } catch (error) {
      failed(error as Error)
    }
  }
  const join = socket.addMembership.bind(socket)
  socket.addMembership = (group, address) => guard(() => join(group, address))
  const setTtl = socket.setMulticastTTL.bind(socket)
  socket.setMulticastTTL = (ttl) => {
    guard(() => setTtl(ttl))
    return ttl
  }
  socket.on('error', failed)
  // without this a packet leaves by the default route, or nowhere when there is none
  socket.on('listening', () => guard(() => socket.setMulticastInterface(link.address)))

  let underWay = 0
  let waiting: (() => void)[] = []
  const send = socket.send.bind(socket) as (...args: unknown[]) => void
  socket.send = ((...args: unknown[]) => {
    const told = args.at(-1)
    const sent = (error: Error | null): void => {
      underWay -= 1
      if (error !== null) failed(error)
      // the package hands an error on as an uncaught one where nobody asked for it
      if (typeof told === 'function') (told as (error: null) => void)(null)
      if (underWay > 0) return
      for (const wake of waiting) wake()
      waiting = []
    }
    underWay += 1
    guard(() => send(...(typeof told === 'function' ? args.slice(0, -1) : args), sent))
  }) as typeof socket.send
  return { socket, flushed: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))) }
}

function sightingOf(kind: 'alive' | 'byebye', headers: SsdpHeaders, address: string): Sighting | undefined {
  const target = headers['NT'] ?? headers['ST']
  const usn = headers['USN']
  if (target === undefined || usn === undefined) return undefined
  const [, age] = /max-age\s*=\s*(\d{1,9})/i.exec(headers['CACHE-CONTROL'] ?? '') ?? []
  return { kind, target, usn, location: headers['LOCATION'], maxAge: age === undefined ? undefined : Number(age), address }
}

/** Resolves once searches are heard and packets can leave. Rejects with `dlna-failed` when the port or address cannot be had. */
export async function openSsdp(deps: SsdpDeps, options: SsdpEndpointOptions, signal: AbortSignal): Promise<SsdpEndpoint> {
  const { clock, random, log } = deps
  const { link, advertisement, port, onSighting } = options
  const lifetime = new AbortController()
  const starting = Promise.withResolvers<never>()
  starting.promise.catch(() => {}) // raced below
  let started = false
  const failed = (error: Error): void => {
    if (lifetime.signal.aborted) return
    if (!started) starting.reject(error)
    else log.warn('SSDP could not send or listen', { interface: link.name, error: messageOf(error) })
  }

  const common = { ssdpPort: port, ssdpTtl: MULTICAST_TTL, ttl: MAX_AGE_S, interfaces: [link.name] }
  const server = new ssdp.Server({
    ...common,
    sourcePort: port,
    udn: advertisement.udn,
    location: advertisement.location,
    ssdpSig: advertisement.server,
    headers: { 'BOOTID.UPNP.ORG': String(advertisement.bootId), 'CONFIGID.UPNP.ORG': '1' },
  })
  const client = new ssdp.Client(common)
  const forServer = guardedSocket(link, failed)
  const forClient = guardedSocket(link, failed)
  // Unicast searches: a socket bound to the address gets them before those bound to 0.0.0.0, and so we know which they are.
  const unicast = createSocket({ type: 'udp4', reuseAddr: true }).on('error', failed)
  server.sockets = { [link.address]: forServer.socket }
  client.sockets = { [link.address]: forClient.socket }
  server._initAdLoop = () => {}
  server._stopAdLoop = () => {}
  server.addUSN('upnp:rootdevice')
  for (const type of advertisement.types) server.addUSN(type)

  const targets = ['upnp:rootdevice', advertisement.udn, ...advertisement.types]
  const gate = createSearchGate({ clock, random }, link, targets)
  const onSearch = (headers: SsdpHeaders, from: { readonly address: string; readonly port: number }, toUs: boolean): void => {
    const decision = gate({ headers, address: from.address, port: from.port, unicast: toUs })
    if (decision.kind === 'ignore') return log.trace('ignored a search', { from: from.address, why: decision.why })
    const timer = clock.after(decision.delayMs, () => {
      answers.delete(timer)
      if (server.sockets !== null) server._respondToSearch(decision.target, from)
    })
    answers.add(timer)
  }
  const answers = new Set<Disposable>()
  server._msearch = (headers, _message, from) => onSearch(headers, from, false)
  unicast.on('message', (message, from) => {
    const lines = message.toString('utf8').split('\r\n')
    if (lines[0]?.startsWith('M-SEARCH ') !== true) return
    const headers = lines.slice(1).map((line) => /^([^:]+):\s*(.*)$/.exec(line))
    onSearch(
      Object.fromEntries(headers.filter((pair) => pair !== null).map(([, name = '', value]) => [name.toUpperCase(), value])),
      from,
      true,
    )
  })

  const see = (kind: 'alive' | 'byebye', headers: SsdpHeaders, from: { readonly address: string }): void => {
    // every socket on 0.0.0.0 hears every interface: only our own link counts
    if (!isOnLink(from.address, link)) return
    const sighting = sightingOf(kind, headers, from.address)
    if (sighting !== undefined) onSighting(sighting)
  }
  server.on('advertise-alive', (headers: SsdpHeaders, from: { address: string }) => see('alive', headers, from))
  server.on('advertise-bye', (headers: SsdpHeaders, from: { address: string }) => see('byebye', headers, from))
  client.on('response', (headers: SsdpHeaders, status: number, from: { address: string }) => {
    if (status === 200) see('alive', headers, from)
  })

  const flush = async (guarded: GuardedSocket): Promise<void> => {
    const late = Promise.withResolvers<void>()
    using _deadline = clock.after(FLUSH_DEADLINE_MS, late.resolve)
    await Promise.race([guarded.flushed(), late.promise])
  }
  const close = (): void => {
    lifetime.abort()
    for (const timer of answers) timer[Symbol.dispose]()
    server._usns = {} // stop() would advertise once more and close at once
    server.stop()
    client.stop()
    unicast.close()
  }

  try {
    signal.throwIfAborted()
    using _deadline = clock.after(START_DEADLINE_MS, () => starting.reject(new Error('no answer from the network')))
    const bound = new Promise<void>((resolve) => unicast.bind(port, link.address, resolve))
    await Promise.race([Promise.all([server.start(), client.start(), bound]), starting.promise])
  } catch (error) {
    close()
    signal.throwIfAborted()
    const why = messageOf(error)
    throw new RelayError('dlna-failed', `SSDP cannot use UDP port ${port} on ${link.name} (${link.address}): ${why}`, { cause: error })
  }
  started = true

  let closing: Promise<void> | undefined
  return {
    link,
    async advertise(kind) {
      if (server.sockets === null) return
      server.advertise(kind === 'alive')
      await flush(forServer)
    },
    async search(target) {
      if (client.sockets === null) return
      client.search(target)
      await flush(forClient)
    },
    [Symbol.asyncDispose]() {
      closing ??= Promise.resolve().then(close)
      return closing
    },
  }
}

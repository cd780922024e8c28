/**
 * The networks of this relay: which it has joined, their catalogues, who carries which channel, and what is on the air. Owns the list of
 * memberships and what follows from it; the neighbours' streams are in `neighbours.ts`, the files in `joined.ts`.
 */
import { abortable } from '../abortable.ts'
import { toChannelId } from '../chunk/channel-id.ts'
import type { ChunkHeader } from '../chunk/chunk.ts'
import type { Clock } from '../clock.ts'
import { messageOf, RelayError } from '../errors.ts'
import { Events, type EventSource } from '../events.ts'
import type { Log } from '../log.ts'
import type { Overlay, PeerId } from '../overlay/overlay.ts'
import type { Random } from '../random.ts'
import { startBeacons, type Air } from './beacons.ts'
import { decodeCatalogue, type Catalogue, type SignedCatalogue } from './catalogue.ts'
import { createCarrier } from './carrier.ts'
import { planChannels, type ChannelEntry } from './channels.ts'
import { startFinder } from './finder.ts'
import { parseJoinLink } from './join-link.ts'
import { loadJoined, removeJoined, saveCatalogue, saveJoined, type JoinedNetwork } from './joined.ts'
import { bootstrapOf, infoOf, networkOf, newMember, sequenceOf, type Member, type NetworkInfo } from './member.ts'
import { MAX_NETWORKS } from './messages.ts'
import { startNeighbours, type Neighbours } from './neighbours.ts'
import type { Session } from './session.ts'

export type { NetworkInfo }

export interface NetworksDeps {
  readonly overlay: Overlay
  /** Joined networks are kept in its folder `networks`. */
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
}

export interface NetworksEvents {
  /** A network has a newer catalogue, came, or went. */
  readonly catalogue: { readonly network: string }
  readonly air: { readonly channel: string; readonly air: Air }
}

export interface Networks extends AsyncDisposable {
  readonly events: EventSource<NetworksEvents>
  list(): readonly NetworkInfo[]
  /**
   * Joins a network and resolves when its catalogue has arrived and holds; a network joined before is only looked up. Throws
   * `join-link-invalid`, `peer-unreachable` when nobody answers, `data-unwritable`; nothing is kept then.
   */
  join(link: string, signal: AbortSignal): Promise<NetworkInfo>
  /** Joins a network of which nobody may be there yet: it is kept, and its catalogue comes when somebody is. */
  joinLater(link: string): Promise<NetworkInfo>
  /** As `joinLater`, for this run only: nothing is kept. Throws `join-link-invalid`. */
  visit(link: string): NetworkInfo
  leave(networkId: string): Promise<void>
  /** The provider's side: takes part in a network with its newest catalogue, and passes that on. Not kept on disk. */
  serve(networkKey: Uint8Array, catalogue: Uint8Array): NetworkInfo
  /** Of all networks, by number. */
  channels(): readonly ChannelEntry[]
  channel(idOrSlug: string): ChannelEntry | undefined
  /** Peers that may give a channel: neighbours that said so, then what the DHT finds. Each once. */
  candidates(channelKey: Uint8Array, signal: AbortSignal): AsyncIterable<PeerId>
  /** Says, until disposed, that we can give a channel: to the neighbours and in the DHT. */
  carry(channelKey: Uint8Array): Disposable
  air(channelId: string): Air
  /** The newest header that we signed or verified ourselves. */
  reportEdge(channelKey: Uint8Array, header: ChunkHeader): void
}

/** How long a join waits for the first catalogue. */
export const JOIN_TIMEOUT_MS = 20_000
/** Neighbours of our networks are kept before strangers. */
const NEIGHBOUR_WEIGHT = 20

export async function startNetworks(deps: NetworksDeps): Promise<Networks> {
  const { overlay, dataDir, clock, random } = deps
  const log = deps.log.child('network')
  const lifetime = new AbortController()
  const events = new Events<NetworksEvents>()
  const members = new Map<string, Member>()
  const joins = new Map<string, Promise<NetworkInfo>>()
  const protections = new Map<Session, Disposable>()
  let channels: readonly ChannelEntry[] = []
  /** The network of each channel. */
  let homes: ReadonlyMap<string, string> = new Map()
  let saving: Promise<void> = Promise.resolve()
  let neighbours: Neighbours | undefined

  const sessions = (): Session[] => [...(neighbours?.all() ?? [])]
  const knowing = (networkId: string): Session[] => sessions().filter((session) => session.networks.has(networkId))
  const carrier = createCarrier({ overlay, random, sessions })
  const listed = (): Member[] => [...members.values()].filter(({ kind }) => kind !== 'joining')

  const beacons = startBeacons({
    clock,
    send(channelId, key, header, except) {
      for (const session of knowing(homes.get(channelId) ?? '')) if (session.peer !== except) session.edge(key, header.encoded)
    },
    changed: (channel, air) => events.emit('air', { channel, air }),
    listeningSince: (channelId) => members.get(homes.get(channelId) ?? '')?.heardSince,
  })
  const refreshChannels = (): void => {
    const catalogues = listed().flatMap(({ network: { id, signed } }) =>
      signed === undefined ? [] : [{ id, catalogue: signed.catalogue }],
    )
    channels = planChannels(catalogues)
    homes = new Map(channels.map(({ id, network }) => [id, network.id]))
    beacons.setChannels(new Map(channels.map(({ id, key }) => [id, key])))
  }

  const hello = (session: Session): void =>
    session.hello(
      [...members.values()].slice(0, MAX_NETWORKS).map((member) => ({ key: member.network.key, sequence: sequenceOf(member) })),
      carrier.keys(),
    )
  const noteNeighbours = (): void => {
    for (const [id, member] of members) member.heardSince = knowing(id).length === 0 ? undefined : (member.heardSince ?? clock.monotonic())
  }
  /** Gives a neighbour what it lacks. */
  const offer = (session: Session): void => {
    for (const [id, member] of members) {
      const theirs = session.networks.get(id)
      const { signed, key } = member.network
      if (theirs !== undefined && signed !== undefined && theirs < signed.catalogue.sequence) session.push(key, signed)
    }
  }
  const greet = (session: Session): void => {
    noteNeighbours()
    const isOurs = [...members.keys()].some((id) => session.networks.has(id))
    if (isOurs && !protections.has(session)) protections.set(session, overlay.protect(session.peer, NEIGHBOUR_WEIGHT))
    offer(session)
    for (const { channelId, key, header } of beacons.onAir()) {
      if (session.networks.has(homes.get(channelId) ?? '')) session.edge(key, header.encoded)
    }
  }

  const keepCatalogue = (member: Member, signed: SignedCatalogue): void => {
    saving = saving
      .then(() => saveCatalogue(dataDir, member.network.id, signed))
      .catch((error: unknown) => log.warn('a catalogue was not kept', { error: messageOf(error) }))
  }
  const adopt = (member: Member, signed: SignedCatalogue): void => {
    if (signed.catalogue.sequence <= sequenceOf(member)) return
    member.network = { ...member.network, signed }
    log.info('a catalogue has arrived', { network: signed.catalogue.name, sequence: signed.catalogue.sequence })
    if (member.kind === 'kept') keepCatalogue(member, signed)
    refreshChannels()
    for (const session of sessions()) offer(session)
    member.ready.resolve()
    if (member.kind !== 'joining') events.emit('catalogue', { network: member.network.id })
  }
  const receiveCatalogue = (networkId: string, bytes: Uint8Array): boolean => {
    const member = members.get(networkId)
    if (member === undefined) return true // left meanwhile
    const decoded = decodeCatalogue(bytes, member.network.key)
    if (decoded.ok) adopt(member, decoded.signed)
    else log.warn('a catalogue was refused', { network: networkId, violation: decoded.violation, detail: decoded.detail })
    return decoded.ok
  }

  const addMember = (network: JoinedNetwork, kind: Member['kind']): Member => {
    if (members.size >= MAX_NETWORKS) throw new RelayError('network-invalid', `${MAX_NETWORKS} networks are the most; leave one first`)
    const member = newMember(network, kind)
    members.set(network.id, member)
    const until = AbortSignal.any([member.lifetime.signal, lifetime.signal])
    const presence = overlay.provide(network.key)
    until.addEventListener('abort', () => presence[Symbol.dispose](), { once: true })
    startFinder(network.key, {
      overlay,
      clock,
      log,
      random,
      signal: until,
      neighbours: () => knowing(network.id).length,
      bootstrap: () => bootstrapOf(member),
    })
    refreshChannels()
    for (const session of sessions()) {
      hello(session)
      greet(session)
    }
    return member
  }
  const removeMember = (member: Member): void => {
    members.delete(member.network.id)
    member.lifetime.abort(new DOMException('the network was left', 'AbortError'))
    refreshChannels()
    for (const session of sessions()) hello(session)
  }
  /** @param before a membership of another kind; it goes on when this join fails */
  const join = async (network: JoinedNetwork, before: Member | undefined): Promise<NetworkInfo> => {
    const member = addMember(network, 'joining')
    let saved = network
    try {
      const waited = new AbortController()
      const late = clock.sleep(JOIN_TIMEOUT_MS, AbortSignal.any([waited.signal, lifetime.signal])).then(() => {
        const where = network.bootstrap.length === 0 ? 'its link names no address' : `its link names ${network.bootstrap.join(', ')}`
        throw new RelayError(
          'peer-unreachable',
          `nobody of the network ${network.name} answered within ${JOIN_TIMEOUT_MS / 1000} s (${where}); check that this machine is connected and that the network is running`,
        )
      })
      try {
        await Promise.race([member.ready.promise, late])
      } finally {
        waited.abort()
        late.catch(() => {}) // the race is over
      }
      saved = member.network
      await saveJoined(dataDir, saved)
    } catch (error) {
      removeMember(member)
      if (before !== undefined) addMember(before.network, before.kind)
      throw error
    }
    member.kind = 'kept'
    const { signed } = member.network
    if (signed !== undefined && signed !== saved.signed) keepCatalogue(member, signed) // a newer one has come meanwhile
    refreshChannels()
    events.emit('catalogue', { network: network.id })
    return infoOf(member)
  }

  for (const network of await loadJoined(dataDir, log)) if (members.size < MAX_NETWORKS) addMember(network, 'kept')
  neighbours = await startNeighbours({
    overlay,
    clock,
    log,
    signal: lifetime.signal,
    handlers: (session) => ({
      hello: () => greet(session()),
      wants: (id, sequence) => members.has(id) && sequence > sequenceOf(members.get(id)),
      catalogue: receiveCatalogue,
      carried: () => {},
      edge: (channelId, header) => beacons.receive(channelId, header, session().peer) !== 'forged',
    }),
    joined: hello,
    left(session) {
      protections.get(session)?.[Symbol.dispose]()
      protections.delete(session)
      noteNeighbours()
    },
  })

  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    lifetime.abort(new DOMException('the networks have stopped', 'AbortError'))
    beacons[Symbol.dispose]()
    carrier[Symbol.dispose]()
    await neighbours[Symbol.asyncDispose]()
    await saving
  }

  return {
    events,
    list: () => listed().map(infoOf),
    async join(text, signal) {
      signal.throwIfAborted()
      const link = parseJoinLink(text)
      const id = toChannelId(link.networkKey)
      const member = members.get(id)
      if (member?.kind === 'kept' && sequenceOf(member) > 0) return infoOf(member)
      let joining = joins.get(id)
      if (joining === undefined) {
        if (member !== undefined) removeMember(member)
        joining = join({ ...networkOf(link, clock.now()), signed: member?.network.signed }, member)
        joins.set(id, joining)
        joining.finally(() => joins.delete(id)).catch(() => {}) // its callers see the failure
      }
      return abortable(joining, signal)
    },
    async joinLater(text) {
      const network = networkOf(parseJoinLink(text), clock.now())
      const known = members.get(network.id)
      if (known !== undefined && known.kind !== 'joining') return infoOf(known)
      await saveJoined(dataDir, network)
      return infoOf(addMember(network, 'kept'))
    },
    visit(text) {
      const network = networkOf(parseJoinLink(text), clock.now())
      const known = members.get(network.id)
      return infoOf(known ?? addMember(network, 'passing'))
    },
    async leave(networkId) {
      const member = members.get(networkId)
      if (member === undefined || member.kind === 'joining')
        throw new RelayError('network-not-found', `this relay has not joined the network ${networkId}`)
      removeMember(member)
      await saving
      await removeJoined(dataDir, networkId)
      events.emit('catalogue', { network: networkId })
    },
    serve(networkKey, bytes) {
      const decoded = decodeCatalogue(bytes, networkKey)
      if (!decoded.ok) throw new RelayError('catalogue-invalid', `the catalogue is refused: ${decoded.detail}`)
      const { catalogue }: { catalogue: Catalogue } = decoded.signed
      const member =
        members.get(toChannelId(networkKey)) ??
        addMember(networkOf({ networkKey, name: catalogue.name, bootstrap: catalogue.bootstrap }, clock.now()), 'passing')
      adopt(member, decoded.signed)
      return infoOf(member)
    },
    channels: () => channels,
    channel: (idOrSlug) => channels.find(({ id, slug }) => id === idOrSlug || slug === idOrSlug),
    candidates: (channelKey, signal) => carrier.candidates(channelKey, signal),
    carry: (channelKey) => carrier.carry(channelKey),
    air: (channelId) => beacons.air(channelId),
    reportEdge: (channelKey, header) => beacons.report(toChannelId(channelKey), header),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  }
}

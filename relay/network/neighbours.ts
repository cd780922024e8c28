/**
 * The sessions with all neighbours, at most one a peer. Of two peers the one with the smaller id opens the stream. Owns the sessions and
 * the list of peers that misbehaved.
 */
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Overlay, OverlayStream, PeerId } from '../overlay/overlay.ts'
import { NETWORK_PROTOCOL } from './messages.ts'
import { openSession, type Session, type SessionHandlers } from './session.ts'

export interface NeighboursDeps {
  readonly overlay: Overlay
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** What to do with what a neighbour says. */
  handlers(session: () => Session): Omit<SessionHandlers, 'end'>
  joined(session: Session): void
  left(session: Session): void
}

export interface Neighbours extends AsyncDisposable {
  all(): Iterable<Session>
}

const OPEN_TIMEOUT_MS = 10_000
/** The other side may still be starting, or have no networks at all (a bootstrap node). */
const OPEN_PAUSES_MS = [0, 500, 2000, 8000, 30_000]
const MAX_SESSIONS = 96
/** A neighbour that broke the protocol, or passed on a forgery. */
const BANISHED_MS = 10 * 60_000
const MAX_BANISHED = 256

export async function startNeighbours(deps: NeighboursDeps): Promise<Neighbours> {
  const { overlay, clock, log, signal } = deps
  const sessions = new Map<PeerId, Session>()
  const opening = new Set<PeerId>()
  const banished = new Map<PeerId, number>()

  const isBanished = (peer: PeerId): boolean => (banished.get(peer) ?? -Infinity) > clock.monotonic()
  const banish = (peer: PeerId): void => {
    const oldest = banished.keys().next().value
    if (banished.size >= MAX_BANISHED && oldest !== undefined) banished.delete(oldest)
    banished.set(peer, clock.monotonic() + BANISHED_MS)
    overlay.disconnect(peer).catch(() => {}) // it has left by itself
  }

  const attach = (stream: OverlayStream): void => {
    const { peer } = stream
    const previous = sessions.get(peer)
    if (signal.aborted || isBanished(peer) || (previous === undefined && sessions.size >= MAX_SESSIONS))
      return stream.abort('no room for this neighbour')
    previous?.[Symbol.dispose]()
    const session: Session = openSession(stream, clock, {
      ...deps.handlers(() => session),
      end(violation) {
        if (sessions.get(peer) === session) sessions.delete(peer)
        if (violation !== undefined) {
          log.warn('a neighbour broke the protocol and is left', { peer, violation })
          banish(peer)
        }
        deps.left(session)
      },
    })
    sessions.set(peer, session)
    deps.joined(session)
    session.begin()
  }

  const open = async (peer: PeerId): Promise<void> => {
    if (opening.has(peer) || isBanished(peer)) return
    opening.add(peer)
    try {
      for (const pause of OPEN_PAUSES_MS) {
        await clock.sleep(pause, signal)
        if (sessions.has(peer) || !overlay.connections().some((connection) => connection.peer === peer)) return
        try {
          return attach(await overlay.open(peer, NETWORK_PROTOCOL, AbortSignal.any([signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])))
        } catch (error) {
          if (signal.aborted) return
          log.debug('a peer does not speak of networks', { peer, error: messageOf(error) })
        }
      }
    } finally {
      opening.delete(peer)
    }
  }
  const onConnect = (peer: PeerId): void => {
    if (overlay.self < peer) open(peer).catch(() => {}) // only the end of the service ends it early
  }

  const serving = await overlay.handle(NETWORK_PROTOCOL, attach)
  const connecting = overlay.events.on('connect', ({ peer }) => onConnect(peer))
  const disconnecting = overlay.events.on('disconnect', ({ peer }) => sessions.get(peer)?.[Symbol.dispose]())
  for (const { peer } of overlay.connections()) onConnect(peer)

  return {
    all: () => sessions.values(),
    async [Symbol.asyncDispose]() {
      connecting[Symbol.dispose]()
      disconnecting[Symbol.dispose]()
      for (const session of sessions.values()) session[Symbol.dispose]()
      await serving[Symbol.asyncDispose]()
    },
  }
}

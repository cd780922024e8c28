/**
 * Keeps the relay connected: bootstrap addresses for ever, good peers and peers found on the LAN while connections are few. Owns the
 * list of targets with their failures; each is dialled with a pause that doubles.
 */
import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { DIAL_TIMEOUT_MS, MAX_DIAL_TARGETS, MAX_PARALLEL_DIALS, MAX_REDIAL_MS, REDIAL_MS, WANTED_CONNECTIONS } from './limits.ts'
import type { PeerId } from './overlay.ts'

export type TargetKind = 'bootstrap' | 'good' | 'lan'

export interface DialTarget {
  readonly kind: TargetKind
  /** Undefined for an address without a peer id. */
  readonly peer: PeerId | undefined
  readonly addresses: readonly string[]
  readonly failures: number
  /** Not before this monotonic time, ms. */
  readonly notBefore: number
  readonly state: 'idle' | 'dialling'
}

export interface DialView {
  readonly targets: ReadonlyMap<string, DialTarget>
  readonly connected: ReadonlySet<PeerId>
  readonly now: number
}

const KIND_RANK: Readonly<Record<TargetKind, number>> = { bootstrap: 0, lan: 1, good: 2 }
/** A stranger's announcement or an old address is not tried for ever. */
const MAX_FAILURES: Readonly<Record<TargetKind, number>> = { bootstrap: Infinity, lan: 3, good: 20 }
const TICK_MS = 500

/** PURE. Which targets to dial now. */
export function planDials({ targets, connected, now }: DialView): readonly string[] {
  const all = [...targets.entries()]
  const busy = all.filter(([, target]) => target.state === 'dialling').length
  const due = all
    .filter(([, target]) => target.state === 'idle' && target.notBefore <= now && target.failures < MAX_FAILURES[target.kind])
    .filter(([, target]) => target.peer === undefined || !connected.has(target.peer))
    .toSorted(([, a], [, b]) => KIND_RANK[a.kind] - KIND_RANK[b.kind] || a.failures - b.failures)
  const bootstrap = due.filter(([, target]) => target.kind === 'bootstrap')
  const others = due.filter(([, target]) => target.kind !== 'bootstrap').slice(0, Math.max(0, WANTED_CONNECTIONS - connected.size - busy))
  return [...bootstrap, ...others].slice(0, Math.max(0, MAX_PARALLEL_DIALS - busy)).map(([key]) => key)
}

/** PURE. The pause after so many failures in a row, ms. */
export const pauseAfter = (failures: number): number => Math.min(MAX_REDIAL_MS, REDIAL_MS * 2 ** Math.max(0, failures - 1))

export interface DiallerDeps {
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  connected(): ReadonlySet<PeerId>
  /** Connects to the first of the addresses that answers; the peer's id. */
  dial(target: DialTarget, signal: AbortSignal): Promise<PeerId>
}

export interface Dialler {
  add(kind: TargetKind, peer: PeerId | undefined, addresses: readonly string[]): void
}

export function startDialler(deps: DiallerDeps): Dialler {
  const { clock, log, signal } = deps
  const targets = new Map<string, DialTarget>()

  const dial = async (key: string, target: DialTarget): Promise<void> => {
    targets.set(key, { ...target, state: 'dialling' })
    try {
      const peer = await deps.dial(target, AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]))
      targets.set(key, { ...target, peer, failures: 0, notBefore: clock.monotonic() + REDIAL_MS, state: 'idle' })
    } catch (error) {
      if (signal.aborted) return
      const failures = target.failures + 1
      targets.set(key, { ...target, failures, notBefore: clock.monotonic() + pauseAfter(failures), state: 'idle' })
      const fields = { addresses: target.addresses, error: messageOf(error) }
      if (target.kind === 'bootstrap' && failures === 1) log.warn('a bootstrap address does not answer; trying again', fields)
      else log.debug('a dial failed', fields)
    }
  }
  const tick = (): void => {
    for (const key of planDials({ targets, connected: deps.connected(), now: clock.monotonic() })) {
      const target = targets.get(key)
      if (target !== undefined) dial(key, target).catch(() => {}) // `dial` keeps its failures
    }
  }
  const ticking = clock.every(TICK_MS, tick)
  signal.addEventListener('abort', () => ticking[Symbol.dispose](), { once: true })

  return {
    add(kind, peer, addresses) {
      if (addresses.length === 0 || signal.aborted) return
      const key = `${kind} ${peer ?? addresses[0]}`
      const known = targets.get(key)
      if (known === undefined && targets.size >= MAX_DIAL_TARGETS) {
        const stranger = [...targets].find(([, target]) => target.kind === 'lan' && target.state === 'idle')
        if (stranger === undefined) return
        targets.delete(stranger[0])
      }
      targets.set(key, known === undefined ? { kind, peer, addresses, failures: 0, notBefore: 0, state: 'idle' } : { ...known, addresses })
      tick()
    },
  }
}

/**
 * Decides which SSDP searches deserve an answer, and when (UDA 1.0 §1.2.3). Owns what it remembers of askers: identical searches of
 * the last half second, and how many answers each address may still have. A spoofed flood gets less out than it put in.
 */
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { isOnLink } from './addresses.ts'
import type { LanInterface } from './interfaces.ts'

export interface Search {
  /** Names in upper case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly address: string
  readonly port: number
  /** Sent to our own address and not to the group. */
  readonly unicast: boolean
}

export type SearchDecision =
  | { readonly kind: 'ignore'; readonly why: 'off-link' | 'malformed' | 'not-ours' | 'repeated' | 'flood' }
  | { readonly kind: 'answer'; readonly target: string; readonly delayMs: number }

/** Control points send each search two or three times at once. */
const REPEAT_MS = 500
/** UDA 1.1 §1.3.3: never spread answers wider, whatever MX says. */
const MAX_SPREAD_S = 5
/** Answers that one address may have in a burst; `ssdp:all` takes six. */
const BURST_ANSWERS = 30
/** At 280 bytes an answer this is 2.8 KB/s. */
const ANSWERS_PER_S = 10
/** Searches and addresses remembered; the oldest make room. */
const MAX_REMEMBERED = 256

function remember<Value>(memory: Map<string, Value>, key: string, value: Value): void {
  memory.delete(key)
  memory.set(key, value)
  const oldest = memory.keys().next().value
  if (memory.size > MAX_REMEMBERED && oldest !== undefined) memory.delete(oldest)
}

/** @param targets what we advertise; all of version 1, so the version rule (answer what is asked up to ours) is equality */
export function createSearchGate(
  deps: { readonly clock: Clock; readonly random: Random },
  link: LanInterface,
  targets: readonly string[],
): (search: Search) => SearchDecision {
  const { clock, random } = deps
  const recent = new Map<string, number>()
  const buckets = new Map<string, { readonly answers: number; readonly at: number }>()

  const repeated = (key: string): boolean => {
    const last = recent.get(key)
    if (last !== undefined && clock.monotonic() - last < REPEAT_MS) return true
    remember(recent, key, clock.monotonic())
    return false
  }
  const spend = (address: string, answers: number): boolean => {
    const now = clock.monotonic()
    const last = buckets.get(address) ?? { answers: BURST_ANSWERS, at: now }
    const left = Math.min(BURST_ANSWERS, last.answers + ((now - last.at) / 1000) * ANSWERS_PER_S)
    const enough = left >= answers
    remember(buckets, address, { answers: enough ? left - answers : left, at: now })
    return enough
  }

  return ({ headers, address, port, unicast }) => {
    if (!isOnLink(address, link)) return { kind: 'ignore', why: 'off-link' }
    const { MAN: man, MX: mx, ST: target } = headers
    if (man?.trim() !== '"ssdp:discover"' || target === undefined) return { kind: 'ignore', why: 'malformed' }
    // a unicast search has no MX and is answered at once
    if (!unicast && !/^\s*[1-9]\d{0,9}\s*$/.test(mx ?? '')) return { kind: 'ignore', why: 'malformed' }
    const wanted = target.trim()
    const answers = wanted === 'ssdp:all' ? targets.length : targets.includes(wanted) ? 1 : 0
    if (answers === 0) return { kind: 'ignore', why: 'not-ours' }
    if (repeated(`${address}:${port} ${wanted}`)) return { kind: 'ignore', why: 'repeated' }
    if (!spend(address, answers)) return { kind: 'ignore', why: 'flood' }
    const spread = unicast ? 0 : Math.min(Number(mx), MAX_SPREAD_S) * 1000
    return { kind: 'answer', target: wanted, delayMs: Math.floor(random.next() * spread) }
  }
}

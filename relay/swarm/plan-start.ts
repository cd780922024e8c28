/** PURE. Where a joiner begins: at the newest random access point behind the live edge that its partners have. */
import type { ChunkHeader } from '../chunk/chunk.ts'
import { SEEK_PATIENCE_MS } from './limits.ts'

export interface Claims {
  has(sequence: number): boolean
  isAccess(sequence: number): boolean
  newestAccess(from: number, to: number): number | undefined
}

export interface StartView {
  /** The newest verified header that is fresh. */
  readonly edge: ChunkHeader | undefined
  readonly claims: readonly Claims[]
  /** Since the edge is known, ms. */
  readonly waitedMs: number
}

export type Start = { readonly kind: 'wait' } | { readonly kind: 'from'; readonly sequence: number }

/** Points that are looked at before we give up; a liar has at most this many tries. */
const MAX_TRIES = 8

export function planStart({ edge, claims, waitedMs }: StartView): Start {
  if (edge === undefined) return { kind: 'wait' }
  let top = edge.sequence
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    let newest = -1
    for (const claim of claims) newest = Math.max(newest, claim.newestAccess(edge.epoch, top) ?? -1)
    if (newest < 0) break
    // who has the chunk knows what it begins with; one that says so alone against most others is not believed
    const holders = claims.filter((claim) => claim.has(newest))
    if (holders.filter((claim) => claim.isAccess(newest)).length * 2 >= holders.length) return { kind: 'from', sequence: newest }
    top = newest - 1
  }
  return waitedMs < SEEK_PATIENCE_MS ? { kind: 'wait' } : { kind: 'from', sequence: edge.sequence + 1 }
}

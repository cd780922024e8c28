/**
 * Tells partners what we have: all of it at first, the recent part each second, what is new in between; and the edge to those who cannot
 * see it from the chunks that pass. A frame is made once for all partners.
 */
import type { Chunk } from '../chunk/chunk.ts'
import type { ChunkRing } from '../chunk/ring.ts'
import { bitmapBytes, setBit } from '../wire/bitmap.ts'
import { encode } from '../wire/encode.ts'
import { MAX_MAP_CHUNKS } from '../wire/limits.ts'
import type { ChunkBits } from '../wire/wire.ts'
import type { Edge } from './edge.ts'
import { HAVE_INTERVAL_MS, HEADER_IDLE_MS, MAP_INTERVAL_MS, RECENT_MAP_CHUNKS } from './limits.ts'
import type { Partner } from './partner.ts'

export interface AnnouncerDeps {
  readonly ring: ChunkRing
  readonly edge: Edge
  partners(): Iterable<Partner>
  free(): number
  depths(): Uint8Array
  /** So many chunks a partner may seem behind whose last HAVE is a while ago. */
  slack(): number
}

/** So many changes become one map. */
const SOON_MS = 200
const MAX_FREE = 255
/** Chunks that are told in between; more are left to the next map. */
const MAX_NEW = 256

/** The bits of these chunks, which are in order; those further than `span` from the newest are left out. */
function bitsOf(chunks: readonly Chunk[], span: number): ChunkBits {
  const newest = chunks.at(-1)?.sequence ?? 0
  const base = Math.max(chunks[0]?.sequence ?? 0, newest - span + 1)
  const count = chunks.length === 0 ? 0 : newest - base + 1
  const have = new Uint8Array(bitmapBytes(count))
  const access = new Uint8Array(bitmapBytes(count))
  for (const { sequence, randomAccess } of chunks) {
    if (sequence < base) continue
    setBit(have, sequence - base)
    if (randomAccess) setBit(access, sequence - base)
  }
  return { base, count, have, access }
}

/** In order, and cut where a map would become too long: a backlog and the edge, or two epochs. */
function spansOf(chunks: readonly Chunk[]): Chunk[][] {
  const spans: Chunk[][] = []
  for (const chunk of chunks.toSorted((a, b) => a.sequence - b.sequence)) {
    const span = spans.at(-1)
    if (span !== undefined && chunk.sequence - (span[0] as Chunk).sequence < RECENT_MAP_CHUNKS) span.push(chunk)
    else spans.push([chunk])
  }
  return spans
}

const havesOf = (chunks: readonly Chunk[]): Uint8Array[] =>
  spansOf(chunks).map((span) => encode({ kind: 'have', bits: bitsOf(span, RECENT_MAP_CHUNKS) }))

export class Announcer {
  readonly #deps: AnnouncerDeps
  readonly #news: Chunk[] = []
  #haveAt = 0
  #mapAt = 0

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps
  }

  add(chunk: Chunk): void {
    if (this.#news.length < MAX_NEW) this.#news.push(chunk)
  }

  #map(span: number): Uint8Array {
    const { ring } = this.#deps
    const newest = ring.newest()?.sequence ?? 0
    const bits = bitsOf([...ring.from(Math.max(0, newest - span + 1))], span)
    const oldest = ring.oldest()?.sequence ?? 0
    return encode({ kind: 'buffer-map', oldest, free: Math.min(this.#deps.free(), MAX_FREE), depths: this.#deps.depths(), bits })
  }

  /** Everything we have, to a new partner. */
  greet(partner: Partner): void {
    partner.link.sendFrame(this.#map(MAX_MAP_CHUNKS))
  }

  /** A map that says more than the last goes out before its time. */
  soon(now: number): void {
    this.#mapAt = Math.min(this.#mapAt, now + SOON_MS)
  }

  /** To all; HAVEs not to those who saw each of these chunks pass between us. */
  #tell(frames: readonly Uint8Array[], isMap: boolean, now: number): void {
    const { header } = this.#deps.edge
    const edge = header === undefined || this.#news.length === 0 ? undefined : encode({ kind: 'header', encoded: header.encoded })
    const followed = (header?.sequence ?? 0) - this.#deps.slack()
    for (const partner of this.#deps.partners()) {
      const isBehind = partner.holdings.newest < followed && now - partner.lastChunkAt > HEADER_IDLE_MS
      if (edge !== undefined && isBehind) partner.link.sendFrame(edge)
      if (!isMap && this.#news.every(({ sequence }) => partner.hasExchanged(sequence))) continue
      for (const frame of frames) partner.link.sendFrame(frame)
    }
    this.#news.length = 0
  }

  tick(now: number): void {
    if (now >= this.#mapAt) {
      this.#mapAt = now + MAP_INTERVAL_MS
      this.#haveAt = now + HAVE_INTERVAL_MS
      const mapped = (this.#deps.ring.newest()?.sequence ?? 0) - RECENT_MAP_CHUNKS
      const older = this.#news.filter(({ sequence }) => sequence <= mapped) // a backlog that came late
      this.#tell([this.#map(RECENT_MAP_CHUNKS), ...havesOf(older)], true, now)
      return
    }
    if (now < this.#haveAt || this.#news.length === 0) return
    this.#haveAt = now + HAVE_INTERVAL_MS
    this.#tell(havesOf(this.#news), false, now)
  }
}

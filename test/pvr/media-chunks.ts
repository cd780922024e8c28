import { readFileSync } from 'node:fs'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { createChunker } from '../../relay/chunk/chunker.ts'
import { fakeClock } from '../harness/clock.ts'

/** One chunk each; the media plays several times as fast as it should. */
export const CHUNK_MS = 30

/** A transport stream as chunks that are cut CHUNK_MS apart, `began` (ms) being the first one's time. */
export function chunksOf(media: string, began: number): MediaChunk[] {
  const chunks: MediaChunk[] = []
  const chunker = createChunker({
    clock: fakeClock(),
    cut: (cut) => chunks.push({ ...cut, sequence: 1000 + chunks.length, time: began + chunks.length * CHUNK_MS }),
  })
  chunker.push(readFileSync(media))
  chunker.flush()
  return chunks
}

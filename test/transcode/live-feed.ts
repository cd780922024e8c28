import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createChunker } from '../../relay/chunk/chunker.ts'
import type { MediaChunk } from '../../relay/chunk/chunk.ts'
import { systemClock } from '../../relay/clock.ts'
import { openFeed, type Feed } from '../../relay/feed/feed.ts'
import type { ChunkSource } from '../../relay/feed/source.ts'
import { silentLog } from '../../relay/log.ts'
import { createPacketSync } from '../../relay/media/ts-sync.ts'
import { fakeClock } from '../harness/clock.ts'

export const never = new AbortController().signal
export const feedOf = (source: ChunkSource): Feed => openFeed({ source, clock: systemClock, log: silentLog, channel: 'one' })

/** The chunks of a recorded transport stream, with the times at which they would have come. */
export async function chunksOfFile(path: string, maxBytes = Infinity): Promise<MediaChunk[]> {
  const chunks: MediaChunk[] = []
  const clock = fakeClock()
  const start = clock.now()
  using chunker = createChunker({
    clock,
    cut: ({ payload, randomAccess, discontinuity }) => {
      const sequence = chunks.length + 1
      chunks.push({ sequence, time: start + sequence * 200, payload, randomAccess, discontinuity })
    },
  })
  const bytes = await readFile(path)
  chunker.push(createPacketSync({ stride: 188, start: 0 }).align(bytes.subarray(0, Math.min(bytes.length, maxBytes))))
  chunker.flush()
  return chunks
}

/** All that a feed gives from its newest random access point on, to its end. */
export async function readAll(feed: Feed): Promise<MediaChunk[]> {
  const chunks: MediaChunk[] = []
  for await (const item of feed.openReader({ from: 'live' })) if (item.kind === 'chunk') chunks.push(item.chunk)
  return chunks
}

export const bytesOf = (chunks: readonly MediaChunk[]): Buffer => Buffer.concat(chunks.map((chunk) => chunk.payload))

export interface ProbedStream {
  readonly codec_name: string
  readonly codec_type: string
  readonly profile?: string
  readonly field_order?: string
  readonly width?: number
  readonly height?: number
  readonly channels?: number
  readonly sample_rate?: string
  readonly tags?: { readonly language?: string }
}
export interface ProbedFrame {
  readonly media_type: string
  readonly interlaced_frame?: number
  readonly key_frame?: number
  readonly pts_time?: string
}
export interface Probed {
  readonly streams: readonly ProbedStream[]
  readonly frames: readonly ProbedFrame[]
}

const run = promisify(execFile)
const MAX_PROBE_BYTES = 32 * 2 ** 20

/** What ffprobe finds in the bytes: streams, and each frame it can decode. */
export async function probe(bytes: Uint8Array): Promise<Probed> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-probe-'))
  try {
    const path = join(folder, 'probe.ts')
    await writeFile(path, bytes)
    return await probeUrl(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The same for an address. */
export async function probeUrl(url: string): Promise<Probed> {
  const args = ['-v', 'error', '-show_streams', '-show_frames', '-of', 'json', url]
  const { stdout } = await run('ffprobe', args, { maxBuffer: MAX_PROBE_BYTES })
  const { streams = [], frames = [] } = JSON.parse(stdout) as Partial<Probed>
  return { streams, frames }
}

export const streamOfType = (probed: Probed, type: string): ProbedStream | undefined =>
  probed.streams.find((stream) => stream.codec_type === type)
export const picturesOf = (probed: Probed): ProbedFrame[] => probed.frames.filter((frame) => frame.media_type === 'video')

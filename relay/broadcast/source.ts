/**
 * Opens what a plan says, and gives raw transport stream bytes: of a file or a pipe by Node's own streams, of a URL through an ffmpeg that
 * passes bytes untouched, and of whatever is no transport stream through an ffmpeg that makes it one.
 */
import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import { PACKET_BYTES } from '../media/ts-packet.ts'
import { SNIFF_BYTES, sniffTransportStream, type PacketLayout } from '../media/ts-sync.ts'
import { createByteReader, type ByteReader } from './byte-reader.ts'
import { sourceFailure, sourceNotFound, sourceStalled, sourceUnreadable } from './failure.ts'
import { bytesJob, probeJob, remuxJob } from './ffmpeg-jobs.ts'
import type { FfmpegJob, StartFfmpeg } from './ffmpeg-port.ts'
import type { SourcePlan } from './source-plan.ts'
import { parseInputInfo, type InputInfo } from './stream-info.ts'
import { testCardJob } from './test-card.ts'

export interface SourceDeps {
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
  readonly log: Log
  readonly stdin: Readable
}

export interface SourceRequest {
  readonly plan: SourcePlan
  /** As it is named to people. */
  readonly where: string
  readonly loop: boolean
  readonly program: number | undefined
  readonly stallMs: number
  /** Let ffmpeg make a new transport stream also of one: the source's own has no clock. */
  readonly remux: boolean
}

export interface Source extends AsyncDisposable {
  readonly layout: PacketLayout
  /** False: a new transport stream was made, with one programme. */
  readonly isOriginal: boolean
  /** A file: it waits for us, and may be begun again. */
  readonly isStored: boolean
  /** The next raw bytes; undefined at the end. Throws what has gone wrong. */
  read(): Promise<Uint8Array | undefined>
}

/** Node reads a file in pieces of whole packets, which then pass as they are. */
const FILE_PIECE_BYTES = 348 * PACKET_BYTES
/** What is read of a pipe before ffmpeg is asked what it is. */
const PROBE_BYTES = 1024 * 1024
const FROM_FFMPEG: PacketLayout = { stride: 188, start: 0 }
const MS_A_SECOND = 1000
const SECONDS_A_MINUTE = 60

/** Throws `source-not-found`, `source-unreadable`, `source-stalled` or `programme-not-found`, and what `startFfmpeg` throws. */
export async function openSource(deps: SourceDeps, request: SourceRequest, signal: AbortSignal): Promise<Source> {
  const { plan } = request
  switch (plan.kind) {
    case 'stdin':
      return openPipe(deps, request, deps.stdin, signal)
    case 'file':
      return openPath(deps, request, plan.path, signal)
    case 'bytes-url':
      return (request.remux ? undefined : await openBytes(deps, request, plan.url, signal)) ?? openMedia(deps, request, plan.url, signal)
    case 'media-url':
      return openMedia(deps, request, plan.url, signal)
    case 'test-card':
      return openJob(deps, request, testCardJob(plan.card, secondsOfDay(deps.clock)), signal)
  }
}

const secondsOfDay = (clock: Clock): number => {
  const now = clock.now()
  const zone = new Date(now).getTimezoneOffset() * SECONDS_A_MINUTE
  return Math.floor(now / MS_A_SECOND) - zone
}

const stallLimit = ({ clock }: SourceDeps, { where, stallMs }: SourceRequest) => ({
  clock,
  stallMs,
  stalled: () => sourceStalled(where, stallMs),
})

async function openPath(deps: SourceDeps, request: SourceRequest, path: string, signal: AbortSignal): Promise<Source> {
  const { where } = request
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw sourceNotFound(where)
  if (found.isDirectory()) throw sourceUnreadable(where, 'it is a folder')
  const isReadable = await access(path, constants.R_OK).then(
    () => true,
    () => false,
  )
  if (!isReadable) throw sourceUnreadable(where, 'this user may not read it')
  if (!found.isFile()) return openPipe(deps, request, createReadStream(path), signal)
  const reader = createByteReader(createReadStream(path, { highWaterMark: FILE_PIECE_BYTES }), undefined, signal)
  const layout = request.remux ? undefined : await sniff(reader)
  if (layout !== undefined) return { layout, isOriginal: true, isStored: true, read: () => reader.read(), ...disposing(reader) }
  reader[Symbol.dispose]()
  if (found.size === 0) throw sourceUnreadable(where, 'it is empty')
  return { ...(await openMedia(deps, request, `file:${path}`, signal)), isStored: true }
}

const disposing = (reader: ByteReader): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => {
    reader[Symbol.dispose]()
    return Promise.resolve()
  },
})

/** The layout of a transport stream; what was read for it is given back. */
async function sniff(reader: ByteReader): Promise<PacketLayout | undefined> {
  let head: Uint8Array = new Uint8Array(0)
  let layout: PacketLayout | undefined
  while (layout === undefined && head.length < SNIFF_BYTES) {
    const piece = await reader.read()
    if (piece !== undefined) head = head.length === 0 ? piece : Buffer.concat([head, piece])
    layout = sniffTransportStream(head, piece === undefined)
    if (piece === undefined) break
  }
  if (head.length > 0) reader.unread(head)
  return layout
}

/** A pipe can be read but once: what was read to know it goes to ffmpeg again. */
async function openPipe(deps: SourceDeps, request: SourceRequest, pipe: Readable, signal: AbortSignal): Promise<Source> {
  const reader = createByteReader(pipe, stallLimit(deps, request), signal)
  try {
    const layout = await sniff(reader)
    if (layout !== undefined) return { layout, isOriginal: true, isStored: false, read: () => reader.read(), ...disposing(reader) }
    const head = await readHead(reader)
    if (head.length === 0) throw sourceUnreadable(request.where, 'it ended before the first byte')
    const info = await probe(deps, request, Readable.from([head], { objectMode: false }), signal)
    reader.unread(head)
    const whole = Readable.from(restOf(reader), { objectMode: false })
    return await openJob(deps, request, remuxJob({ source: whole, info, loop: false, program: request.program }), signal)
  } catch (error) {
    reader[Symbol.dispose]()
    throw error
  }
}

async function readHead(reader: ByteReader): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (let size = 0; size < PROBE_BYTES;) {
    const piece = await reader.read()
    if (piece === undefined) break
    pieces.push(piece)
    size += piece.length
  }
  return Buffer.concat(pieces)
}

async function* restOf(reader: ByteReader): AsyncGenerator<Uint8Array> {
  try {
    for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) yield piece
  } finally {
    reader[Symbol.dispose]()
  }
}

/** The bytes of a URL, when they are a transport stream. */
async function openBytes(deps: SourceDeps, request: SourceRequest, url: string, signal: AbortSignal): Promise<Source | undefined> {
  const opened = await startJob(deps, request, bytesJob(url), signal)
  let layout: PacketLayout | undefined
  try {
    layout = await sniff(opened.reader)
    if (layout !== undefined) return { layout, isOriginal: true, isStored: false, read: opened.read, [Symbol.asyncDispose]: opened.close }
    const head = await opened.reader.read()
    if (head === undefined) throw await opened.failure()
    return undefined
  } finally {
    if (layout === undefined) await opened.close()
  }
}

async function openMedia(deps: SourceDeps, request: SourceRequest, source: string, signal: AbortSignal): Promise<Source> {
  const info = await probe(deps, request, source, signal)
  const loop = request.loop && request.plan.kind === 'file'
  return openJob(deps, request, remuxJob({ source, info, loop, program: request.program }), signal)
}

async function probe(deps: SourceDeps, request: SourceRequest, source: string | Readable, signal: AbortSignal): Promise<InputInfo> {
  const deadline = new AbortController()
  using _timer = deps.clock.after(request.stallMs, () => deadline.abort(sourceStalled(request.where, request.stallMs)))
  const process = await deps.startFfmpeg(probeJob(source), AbortSignal.any([signal, deadline.signal]))
  process.output.resume()
  const { stderr } = await process.ended
  signal.throwIfAborted()
  deadline.signal.throwIfAborted()
  const info = parseInputInfo(stderr)
  if (info.streams.some(({ kind }) => kind === 'video' || kind === 'audio')) return info
  throw sourceFailure(request.where, stderr)
}

async function openJob(deps: SourceDeps, request: SourceRequest, job: FfmpegJob, signal: AbortSignal): Promise<Source> {
  const opened = await startJob(deps, request, job, signal)
  return { layout: FROM_FFMPEG, isOriginal: false, isStored: false, read: opened.read, [Symbol.asyncDispose]: opened.close }
}

interface RunningJob {
  readonly reader: ByteReader
  /** As the reader's, but an end that is none is thrown. */
  readonly read: () => Promise<Uint8Array | undefined>
  readonly failure: () => Promise<RelayError>
  readonly close: () => Promise<void>
}

async function startJob(deps: SourceDeps, request: SourceRequest, job: FfmpegJob, signal: AbortSignal): Promise<RunningJob> {
  const process = await deps.startFfmpeg(job, signal)
  const reader = createByteReader(process.output, stallLimit(deps, request), signal)
  let isEmpty = true
  const failure = async (): Promise<RelayError> => sourceFailure(request.where, (await process.ended).stderr)
  return {
    reader,
    failure,
    async read() {
      const piece = await reader.read()
      if (piece !== undefined) {
        isEmpty = false
        return piece
      }
      const { code, signal: killedBy } = await process.ended
      signal.throwIfAborted()
      if (isEmpty || code !== 0 || killedBy !== null) throw await failure()
      return undefined
    },
    async close() {
      reader[Symbol.dispose]()
      await process[Symbol.asyncDispose]()
    },
  }
}

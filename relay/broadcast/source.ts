/**
 * Opens what a plan says, and gives raw transport stream bytes: of a file or a pipe by Node's own streams, of a URL through an ffmpeg that
 * passes bytes untouched, and of whatever is no transport stream through an ffmpeg that makes it one.
 */
import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { PACKET_BYTES } from '../media/ts-packet.ts'
import { SNIFF_BYTES, sniffTransportStream, type PacketLayout } from '../media/ts-sync.ts'
import { createByteReader, type ByteReader } from './byte-reader.ts'
import { sourceNotFound, sourceUnreadable } from './failure.ts'
import { bytesJob, remuxJob } from './ffmpeg-jobs.ts'
import type { FfmpegJob, StartFfmpeg } from './ffmpeg-port.ts'
import { probe, stallLimit, startJob, type SourceName } from './ffmpeg-source.ts'
import type { SourcePlan } from './source-plan.ts'
import type { InputInfo } from './stream-info.ts'
import { testCardJob } from './test-card.ts'

export interface SourceDeps {
  readonly startFfmpeg: StartFfmpeg
  readonly clock: Clock
  readonly log: Log
  readonly stdin: Readable
}

export interface SourceRequest extends SourceName {
  readonly plan: SourcePlan
  readonly loop: boolean
  readonly program: number | undefined
  /** Let ffmpeg make a new transport stream also of one: the source's own has no clock. */
  readonly remux: boolean
}

export interface Source extends AsyncDisposable {
  readonly layout: PacketLayout
  /** False: a new transport stream was made, with one programme. */
  readonly isOriginal: boolean
  /** A file: it waits for us. */
  readonly isStored: boolean
  /** The next raw bytes; undefined at the end. Throws what has gone wrong. */
  read(): Promise<Uint8Array | undefined>
}

/** Node reads a file in pieces of whole packets, which then pass as they are. */
const FILE_PIECE_BYTES = 348 * PACKET_BYTES
/** What is read of a pipe at most to know what it is. */
const PROBE_BYTES = 1024 * 1024
/** Of a live pipe ffmpeg is asked after this long; if that was too early, once more after PROBE_BYTES. */
const PROBE_MS = 1000
const FROM_FFMPEG: PacketLayout = { stride: 188, start: 0 }
const MS_A_SECOND = 1000
const SECONDS_A_MINUTE = 60

/** Throws `source-not-found`, `source-unreadable`, `source-stalled` or `programme-not-found`, and what `startFfmpeg` throws. */
export async function openSource(deps: SourceDeps, request: SourceRequest, signal: AbortSignal): Promise<Source> {
  const { plan } = request
  switch (plan.kind) {
    case 'stdin':
      return openPipe(deps, request, pipeOf(createByteReader(deps.stdin, stallLimit(deps, request), signal)), signal)
    case 'file':
      return openPath(deps, request, plan.path, signal)
    case 'bytes-url':
      return openBytesUrl(deps, request, plan, signal)
    case 'media-url':
      return openMedia(deps, request, plan.url, signal)
    case 'test-card':
      return openJob(deps, request, testCardJob(plan.card, secondsOfDay(deps.clock)), signal)
  }
}

/** Of the local day, and any number of days before it. */
const secondsOfDay = (clock: Clock): number => {
  const now = clock.now()
  return Math.floor(now / MS_A_SECOND) - new Date(now).getTimezoneOffset() * SECONDS_A_MINUTE
}

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
  if (!found.isFile()) {
    return openPipe(deps, request, pipeOf(createByteReader(createReadStream(path), stallLimit(deps, request), signal)), signal)
  }
  if (found.size === 0) throw sourceUnreadable(where, 'it is empty')
  const reader = createByteReader(createReadStream(path, { highWaterMark: FILE_PIECE_BYTES }), undefined, signal)
  const layout = request.remux ? undefined : await sniff(reader)
  if (layout !== undefined) return { ...pipeOf(reader), layout, isOriginal: true, isStored: true }
  reader[Symbol.dispose]()
  return { ...(await openMedia(deps, request, `file:${path}`, signal)), isStored: true }
}

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

/** Bytes that can be read but once. */
interface Pipe extends AsyncDisposable {
  readonly reader: ByteReader
  read(): Promise<Uint8Array | undefined>
}

const pipeOf = (reader: ByteReader): Pipe => ({
  reader,
  read: () => reader.read(),
  [Symbol.asyncDispose]: () => Promise.resolve(reader[Symbol.dispose]()),
})

interface ProbedPipe {
  readonly head: Uint8Array
  readonly info: InputInfo
}

/** What was read of a pipe to know it goes to ffmpeg again. */
async function openPipe(deps: SourceDeps, request: SourceRequest, pipe: Pipe, signal: AbortSignal): Promise<Source> {
  await using opening = new AsyncDisposableStack()
  const { reader } = opening.use(pipe)
  const layout = await sniff(reader)
  if (layout !== undefined) {
    const opened = opening.move()
    return { layout, isOriginal: true, isStored: false, read: () => pipe.read(), [Symbol.asyncDispose]: () => opened.disposeAsync() }
  }
  const { head, info } = await probePipe(deps, request, pipe, signal)
  reader.unread(head)
  const whole = Readable.from(piecesOf(reader), { objectMode: false })
  const made = opening.use(await openJob(deps, request, remuxJob({ source: whole, info, loop: false, program: request.program }), signal))
  const opened = opening.move()
  return { ...made, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function probePipe(deps: SourceDeps, request: SourceRequest, pipe: Pipe, signal: AbortSignal): Promise<ProbedPipe> {
  const since = deps.clock.monotonic()
  const pieces: Uint8Array[] = []
  let size = 0
  let isEarly = true
  for (;;) {
    const piece = await pipe.read()
    if (piece !== undefined) {
      pieces.push(piece)
      size += piece.length
    }
    const isLast = piece === undefined || size >= PROBE_BYTES
    if (!isLast && !(isEarly && deps.clock.monotonic() - since >= PROBE_MS)) continue
    if (size === 0) throw sourceUnreadable(request.where, 'it ended before the first byte')
    const head = Buffer.concat(pieces)
    try {
      return { head, info: await probe(deps, request, Readable.from([head], { objectMode: false }), signal) }
    } catch (error) {
      if (isLast || signal.aborted) throw error
      isEarly = false
    }
  }
}

async function* piecesOf(reader: ByteReader): AsyncGenerator<Uint8Array> {
  for (let piece = await reader.read(); piece !== undefined; piece = await reader.read()) yield piece
}

type BytesUrl = Extract<SourcePlan, { readonly kind: 'bytes-url' }>

async function openBytesUrl(deps: SourceDeps, request: SourceRequest, plan: BytesUrl, signal: AbortSignal): Promise<Source> {
  if (plan.opensAgain) return (await openTransportStream(deps, request, plan.url, signal)) ?? openMedia(deps, request, plan.url, signal)
  return openPipe(deps, request, await startJob(deps, request, bytesJob(plan.url), signal), signal)
}

/** The bytes of a URL, when they are a transport stream. */
async function openTransportStream(
  deps: SourceDeps,
  request: SourceRequest,
  url: string,
  signal: AbortSignal,
): Promise<Source | undefined> {
  await using opening = new AsyncDisposableStack()
  const bytes = opening.use(await startJob(deps, request, bytesJob(url), signal))
  const layout = await sniff(bytes.reader)
  if (layout === undefined) {
    await bytes.read() // throws why there are none
    return undefined
  }
  const opened = opening.move()
  return { layout, isOriginal: true, isStored: false, read: () => bytes.read(), [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function openMedia(deps: SourceDeps, request: SourceRequest, source: string, signal: AbortSignal): Promise<Source> {
  const info = await probe(deps, request, source, signal)
  const loop = request.loop && request.plan.kind === 'file'
  return openJob(deps, request, remuxJob({ source, info, loop, program: request.program }), signal)
}

async function openJob(deps: SourceDeps, request: SourceRequest, job: FfmpegJob, signal: AbortSignal): Promise<Source> {
  const bytes = await startJob(deps, request, job, signal)
  return {
    layout: FROM_FFMPEG,
    isOriginal: false,
    isStored: false,
    read: () => bytes.read(),
    [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
  }
}

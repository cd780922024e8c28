/** Opens a source and reads on until it is clear what it carries; what was read meanwhile is held, to be sent first. */
import { createPacketSync, type PacketSync } from '../media/ts-sync.ts'
import { sourceUnreadable } from './failure.ts'
import { openSource, type Source, type SourceDeps, type SourceRequest } from './source.ts'
import { createSurvey, type Choice } from './survey.ts'

export interface SurveyedSource {
  readonly source: Source
  readonly sync: PacketSync
  readonly choice: Choice
  /** Whole packets, in order. */
  readonly held: readonly Uint8Array[]
}

/** So much of a source is held at most. */
const MAX_HELD_BYTES = 4 * 1024 * 1024
/** Tables and clock come several times a second: of a live source, what is not there after this long is not waited for. */
const PATIENCE_MS = 1500
/** A source without any programme is given up. */
const MAX_SURVEY_MS = 10_000

/** Throws what `openSource` throws, and `source-unreadable` for a transport stream without a programme. */
export async function openSurveyed(deps: SourceDeps, request: SourceRequest, signal: AbortSignal): Promise<SurveyedSource> {
  const source = await openSource(deps, request, signal)
  let surveyed: SurveyedSource | undefined
  try {
    surveyed = await surveySource(deps, request, source)
    // A file without a clock would be read as fast as the disk gives it: ffmpeg makes it one.
    if (surveyed.choice.clockPid !== undefined || !source.isOriginal || !source.isStored) return surveyed
    surveyed = undefined
  } finally {
    if (surveyed === undefined) await source[Symbol.asyncDispose]()
  }
  deps.log.warn('the source has no clock: ffmpeg makes one', { source: request.where })
  return openSurveyed(deps, { ...request, remux: true }, signal)
}

async function surveySource({ clock }: SourceDeps, request: SourceRequest, source: Source): Promise<SurveyedSource> {
  const sync = createPacketSync(source.layout)
  const survey = createSurvey(source.isOriginal ? request.program : undefined)
  const held: Uint8Array[] = []
  const since = clock.monotonic()
  for (let size = 0; ;) {
    const piece = await source.read()
    const packets = piece && sync.align(piece)
    if (packets !== undefined && packets.length > 0) {
      held.push(packets)
      survey.push(packets)
      size += packets.length
    }
    const waited = source.isStored ? 0 : clock.monotonic() - since
    const isLast = piece === undefined || size >= MAX_HELD_BYTES || waited >= MAX_SURVEY_MS
    const choice = survey.choose(isLast || waited >= PATIENCE_MS)
    if (choice !== undefined) return { source, sync, choice, held }
    if (isLast) throw sourceUnreadable(request.where, 'it is a transport stream that names no programme')
  }
}

/**
 * `/recordings/{id}/file`: a recording's transport stream with byte ranges, also while it grows: then its size is what it is now, and a
 * player asks again for what came after. There is no validator, as a growing file would change it under the player's hands.
 */
import { Router } from 'express'
import { type FileHandle, open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { RelayError } from '../errors.ts'
import { recordingOf } from './api-recordings.ts'
import { type ByteRange, parseRange } from './byte-range.ts'
import type { HttpPorts } from './ports.ts'
import { requestSignal } from './request-signal.ts'

/** Disk reads of a good size for a NAS; two of them wait per reader. */
const READ_BYTES = 256 * 1024

async function openRecording(ports: HttpPorts, id: string): Promise<FileHandle> {
  const { title } = recordingOf(ports, id)
  const file = ports.recordings.file(id)
  try {
    if (file !== undefined) return await open(file.path, 'r')
  } catch (error) {
    ports.log.warn('a recording cannot be opened', { id, error: (error as Error).message })
  }
  throw new RelayError('recording-not-found', `the recording "${title}" has no file yet, or its file is gone`)
}

function writeRange(response: ServerResponse, range: ByteRange, size: number): void {
  switch (range.kind) {
    case 'unsatisfiable':
      response.setHeader('Content-Range', `bytes */${size}`)
      throw new RelayError('range-not-satisfiable', `the file has ${size} bytes now; expected a range within, as in bytes=0-`)
    case 'whole':
      response.setHeader('Content-Length', size)
      return
    case 'part':
      response.statusCode = 206
      response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${size}`)
      response.setHeader('Content-Length', range.end - range.start + 1)
  }
}

/** Answers GET and HEAD; `headers` go on whatever is answered. */
export async function sendRecording(
  ports: HttpPorts,
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  lifetime: AbortSignal,
): Promise<void> {
  const signal = requestSignal(response, lifetime)
  await using file = await openRecording(ports, id)
  const { size } = await file.stat()
  // An If-Range can only name a validator that we never gave: RFC 9110 §13.1.5 then wants the whole.
  const range = parseRange(request.headers['if-range'] === undefined ? request.headers.range : undefined, size)
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', 'video/mp2t')
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  writeRange(response, range, size)
  if (request.method === 'HEAD' || size === 0) {
    response.end()
    return
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: size - 1 }
  const bytes = file.createReadStream({ start, end, highWaterMark: READ_BYTES, autoClose: false })
  try {
    await pipeline(bytes, response, { signal })
  } catch (error) {
    if (!response.destroyed) throw error // else the player has seeked or left
  }
}

export function filesRouter(ports: HttpPorts, lifetime: AbortSignal): Router {
  const router = Router()
  router.get('/recordings/:id/file', (request, response) => sendRecording(ports, request.params['id'], request, response, {}, lifetime))
  return router
}

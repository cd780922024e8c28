/** Errors as RFC 9457 problem documents: one row for every code, one place that writes them. */
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { type ErrorCode, isAbort, isRelayError, messageOf, RelayError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Problem } from './schemas.ts'

interface Row {
  readonly status: number
  readonly title: string
  /** Seconds after which asking again makes sense. */
  readonly retryAfter?: number
}

/** A channel that went off air is looked for every few seconds; a client that asks as often sees it return. */
const OFF_AIR_RETRY_S = 5
/** A viewer leaves, or a recording ends, rather in minutes than in seconds. */
const BUSY_RETRY_S = 30

const PROBLEMS = {
  usage: { status: 400, title: 'Wrong usage' },
  'config-invalid': { status: 500, title: 'The configuration is wrong' },
  'data-unwritable': { status: 500, title: 'The data folder cannot be written' },
  'data-in-use': { status: 500, title: 'The data folder is in use' },
  'port-in-use': { status: 500, title: 'The port is in use' },
  'source-not-found': { status: 502, title: 'No such source' },
  'source-unreadable': { status: 502, title: 'The source cannot be read' },
  'source-stalled': { status: 502, title: 'The source has stalled' },
  'programme-not-found': { status: 404, title: 'No such programme' },
  'join-link-invalid': { status: 400, title: 'Not a join link' },
  'network-invalid': { status: 502, title: 'The network is not valid' },
  'catalogue-invalid': { status: 502, title: 'The catalogue does not verify' },
  'catalogue-too-large': { status: 502, title: 'The catalogue is too large' },
  'network-not-found': { status: 404, title: 'No such network' },
  'peer-unreachable': { status: 502, title: 'The peer cannot be reached' },
  'overlay-failed': { status: 500, title: 'The peer-to-peer host has failed' },
  'channel-not-found': { status: 404, title: 'No such channel' },
  'channel-off-air': { status: 503, title: 'The channel is off air', retryAfter: OFF_AIR_RETRY_S },
  'tune-timeout': { status: 503, title: 'The channel did not start in time', retryAfter: OFF_AIR_RETRY_S },
  'profile-not-found': { status: 400, title: 'No such profile' },
  'ffmpeg-missing': { status: 501, title: 'ffmpeg is missing' },
  'ffmpeg-failed': { status: 502, title: 'ffmpeg has failed' },
  'recording-not-found': { status: 404, title: 'No such recording' },
  'recording-invalid': { status: 409, title: 'That cannot be recorded' },
  'disk-full': { status: 507, title: 'No room for recordings' },
  'store-failed': { status: 500, title: 'The database has failed' },
  'range-not-satisfiable': { status: 416, title: 'No such bytes' },
  'renderer-not-found': { status: 404, title: 'No such TV' },
  'renderer-refused': { status: 502, title: 'The TV refused' },
  'renderer-timeout': { status: 504, title: 'The TV did not answer in time' },
  'request-invalid': { status: 400, title: 'The request is wrong' },
  'request-forbidden': { status: 403, title: 'Not from there' },
  'request-too-large': { status: 413, title: 'The request is too large' },
  'method-not-allowed': { status: 405, title: 'Not with this method' },
  'content-type-unsupported': { status: 415, title: 'Not in this format' },
  'too-many-requests': { status: 503, title: 'The relay is busy', retryAfter: BUSY_RETRY_S },
  'not-found': { status: 404, title: 'Nothing here' },
  'dlna-failed': { status: 500, title: 'DLNA has failed' },
  'relay-not-running': { status: 502, title: 'No relay is running there' },
  'relay-refused': { status: 502, title: 'The relay refused' },
  'manifest-invalid': { status: 500, title: 'The plug-in manifest is wrong' },
} as const satisfies Record<ErrorCode, Row>

const INTERNAL: Problem = {
  type: '/problems/internal',
  title: 'The relay made a mistake',
  status: 500,
  detail: 'The relay failed to answer this request; its log says why.',
}

/** What the schema found wrong, when that is the error's cause. */
const issuesOf = (error: RelayError): Problem['errors'] =>
  error.cause instanceof z.ZodError
    ? error.cause.issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message }))
    : undefined

export function toProblem(error: RelayError): Problem {
  const { status, title } = PROBLEMS[error.code]
  const errors = issuesOf(error)
  return { type: `/problems/${error.code}`, title, status, detail: error.message, ...(errors === undefined ? {} : { errors }) }
}

/** What Express itself throws (a bad `%zz` in a path, for one) carries a 4xx status. */
const statusOf = (error: unknown): number | undefined => {
  const status: unknown = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

function problemOf(error: unknown): Problem {
  if (isRelayError(error)) return toProblem(error)
  const status = statusOf(error)
  if (status === undefined) return INTERNAL
  return { type: '/problems/request-invalid', title: STATUS_CODES[status] ?? 'The request is wrong', status, detail: messageOf(error) }
}

/** Writes the problem, or ends a response that has already begun. Node leaves the body away when the request was HEAD. */
export function sendProblem(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const problem = problemOf(error)
  const body = Buffer.from(JSON.stringify(problem))
  const row: Row | undefined = isRelayError(error) ? PROBLEMS[error.code] : undefined
  if (row?.retryAfter !== undefined) response.setHeader('Retry-After', row.retryAfter)
  // The rest of a body that we refuse is not read.
  if (problem.status === 413) response.setHeader('Connection', 'close')
  response.statusCode = problem.status
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Length', body.length)
  response.end(body)
}

/** For whatever no route has taken. */
export const notFound: RequestHandler = (request) => {
  throw new RelayError('not-found', `there is nothing at ${request.baseUrl}${request.path}; /api/v1/openapi.json lists what there is`)
}

/** The last word on every failure: never a stack, never HTML. Express knows it by its four parameters. */
export const problems =
  (log: Log): ErrorRequestHandler =>
  (error: unknown, request, response, _next) => {
    if (isAbort(error) && response.destroyed) return
    if (!isRelayError(error) && statusOf(error) === undefined && !isAbort(error)) {
      log.error('a request failed', {
        method: request.method,
        path: request.path,
        error: messageOf(error),
        stack: error instanceof Error ? error.stack : undefined,
      })
    }
    sendProblem(response, error)
  }

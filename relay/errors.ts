/**
 * The errors we raise ourselves. One class, many codes: callers narrow by `code`, people read `message`, which says what
 * was wrong, where, and what would be right. `relay/http/problem.ts` has one row for every code.
 */
export type ErrorCode =
  // the command line and the configuration
  | 'usage'
  | 'config-invalid'
  | 'data-unwritable'
  | 'port-in-use'
  | 'data-in-use'
  | 'relay-not-running'
  | 'relay-refused'
  // broadcasting
  | 'source-not-found'
  | 'source-unreadable'
  | 'source-stalled'
  | 'programme-not-found'
  // networks and the overlay
  | 'join-link-invalid'
  | 'network-invalid'
  | 'catalogue-invalid'
  | 'catalogue-too-large'
  | 'network-not-found'
  | 'peer-unreachable'
  | 'overlay-failed'
  // channels
  | 'channel-not-found'
  | 'channel-off-air'
  | 'tune-timeout'
  | 'profile-not-found'
  // ffmpeg
  | 'ffmpeg-missing'
  | 'ffmpeg-failed'
  // recordings, files
  | 'recording-not-found'
  | 'recording-invalid'
  | 'disk-full'
  | 'store-failed'
  | 'range-not-satisfiable'
  // renderers
  | 'renderer-not-found'
  | 'renderer-refused'
  | 'renderer-timeout'
  | 'dlna-failed'
  // HTTP
  | 'request-invalid'
  | 'request-forbidden'
  | 'request-too-large'
  | 'method-not-allowed'
  | 'content-type-unsupported'
  | 'too-many-requests'
  | 'not-found'
  // plug-ins
  | 'manifest-invalid'

export class RelayError<Code extends ErrorCode = ErrorCode> extends Error {
  static {
    // a class field would make `name` an own, enumerable property
    this.prototype.name = 'RelayError'
  }

  readonly code: Code

  /** @param message what was wrong, where, and what would be right */
  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export const isRelayError = (error: unknown): error is RelayError => error instanceof RelayError

/** True for what an aborted signal throws: neither logged nor counted. */
export const isAbort = (error: unknown): boolean => error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')

/** The sentence of an unknown thrown value. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

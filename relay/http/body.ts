import type { IncomingMessage } from 'node:http'
import { RelayError } from '../errors.ts'
import { MAX_BODY_BYTES } from './lan-only.ts'

const isJson = (type: string | undefined): boolean => /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type ?? '')

/** The bytes of a body that is at most MAX_BODY_BYTES long. How long it may take is the server's `requestTimeout`. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  // Not destroyed when we stop half-way: the refusal still goes out on this socket.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > MAX_BODY_BYTES) throw new RelayError('request-too-large', `the body is longer than ${MAX_BODY_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** A request's JSON; undefined without a body. A form or a plain text, which any site could send, is refused. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const { 'content-length': length, 'transfer-encoding': encoding, 'content-type': type } = request.headers
  if (encoding === undefined && Number(length ?? 0) === 0) return undefined
  if (!isJson(type)) {
    throw new RelayError(
      'content-type-unsupported',
      `the body is ${type ?? 'of no declared type'}; send JSON with Content-Type: application/json`,
    )
  }
  if (request.headers['content-encoding'] !== undefined) {
    throw new RelayError('content-type-unsupported', 'the body is compressed; send it as it is')
  }
  const bytes = await readBody(request)
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch (error) {
    throw new RelayError('request-invalid', `the body is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

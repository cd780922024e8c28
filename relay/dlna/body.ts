/** Reads a request's body with a byte cap and a deadline, and says no as soon as it is clear that it must. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../clock.ts'

/** The longest SOAP call we saw is 2 KB. */
export const MAX_BODY_BYTES = 64 * 1024
/** A body that fits in one packet takes no time; this is for a TV on bad Wi-Fi. */
const BODY_DEADLINE_MS = 5000

export type Body = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'refused'; readonly status: 400 | 408 | 413 | 415 }

/** The connection has to be closed after a refusal: the rest of the body may still be on its way. */
export function readBody(request: IncomingMessage, clock: Clock): Promise<Body> {
  const length = request.headers['content-length']
  if (length !== undefined && !(Number(length) <= MAX_BODY_BYTES)) return Promise.resolve({ kind: 'refused', status: 413 })
  const encoding = request.headers['content-encoding']
  // a compressed body could grow past every cap
  if (encoding !== undefined && encoding !== 'identity') return Promise.resolve({ kind: 'refused', status: 415 })
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let bytes = 0
    const settle = (body: Body): void => {
      deadline[Symbol.dispose]()
      request.off('data', onData).off('end', onEnd).off('close', onClose)
      resolve(body)
    }
    const onData = (piece: Buffer): void => {
      bytes += piece.length
      pieces.push(piece)
      if (bytes > MAX_BODY_BYTES) settle({ kind: 'refused', status: 413 })
    }
    const onEnd = (): void => settle({ kind: 'text', text: Buffer.concat(pieces).toString('utf8') })
    const onClose = (): void => settle({ kind: 'refused', status: 400 })
    const deadline = clock.after(BODY_DEADLINE_MS, () => settle({ kind: 'refused', status: 408 }))
    request.on('data', onData).on('end', onEnd).on('close', onClose)
    request.on('error', () => {}) // 'close' follows
  })
}

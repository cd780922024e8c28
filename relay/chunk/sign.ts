/** Makes chunks and proves them. The KeyObjects are made once; a signature is over a few hundred bytes, whatever the payload. */
import { hash as digest, sign as signBytes, verify as verifyBytes } from 'node:crypto'
import { HEADER_BYTES, MAX_PAYLOAD_BYTES, SIGNED_BYTES, SIGNING_DOMAIN, type Chunk, type ChunkHeader } from './chunk.ts'
import { decodeHeader, encodeSignedPart, isUint48, signatureOf, type ChunkViolation, type HeaderFields } from './header.ts'
import { importPublicKey, importSecret, type ChannelKeyPair } from './keys.ts'

export interface ChunkDraft extends HeaderFields {
  /** Whole MPEG-TS packets, at most MAX_PAYLOAD_BYTES; empty only with `ends`. Copied once, into the chunk. */
  readonly payload: Uint8Array
}

export interface ChunkSigner {
  /** 32 bytes, raw: whose chunks these are. */
  readonly publicKey: Uint8Array
  /** Throws a RangeError for a draft that no verifier would take. */
  sign(draft: ChunkDraft): Chunk
}

export type Verified = { readonly ok: true; readonly chunk: Chunk } | { readonly ok: false; readonly violation: ChunkViolation }

export interface ChunkVerifier {
  /** 32 bytes, raw. */
  readonly publicKey: Uint8Array
  /** The header that a partner showed by itself; undefined unless the channel signed it. Takes exactly HEADER_BYTES. */
  header(encoded: Uint8Array): ChunkHeader | undefined
  /** A whole chunk as it travels. Total; the chunk's parts are views of `encoded`, which must not change afterwards. */
  verify(encoded: Uint8Array): Verified
}

const DOMAIN = Buffer.from(SIGNING_DOMAIN, 'latin1')

/** A scratch buffer for what is signed: domain and key stand, the header's part is replaced for each chunk. */
function createSignedText(publicKey: Uint8Array): (header: Uint8Array) => Uint8Array {
  const text = new Uint8Array(DOMAIN.length + publicKey.length + SIGNED_BYTES)
  text.set(DOMAIN)
  text.set(publicKey, DOMAIN.length)
  const headerAt = DOMAIN.length + publicKey.length
  return (header) => {
    text.set(header.subarray(0, SIGNED_BYTES), headerAt)
    return text
  }
}

const hashOf = (payload: Uint8Array): Uint8Array => digest('sha256', payload, 'buffer')

const chunkOf = (header: ChunkHeader, encoded: Uint8Array): Chunk => ({
  sequence: header.sequence,
  time: header.time,
  randomAccess: header.randomAccess,
  discontinuity: header.discontinuity,
  payload: encoded.subarray(HEADER_BYTES),
  header,
  encoded,
})

export function createSigner(pair: ChannelKeyPair): ChunkSigner {
  const secret = importSecret(pair.secret)
  const signedText = createSignedText(pair.publicKey)
  return {
    publicKey: pair.publicKey,
    sign(draft) {
      const { payload } = draft
      if (payload.length > MAX_PAYLOAD_BYTES) throw new RangeError(`a payload of ${payload.length} bytes; ${MAX_PAYLOAD_BYTES} is the most`)
      if (!isUint48(draft.epoch) || !isUint48(draft.sequence) || !isUint48(draft.time)) {
        throw new RangeError(`epoch ${draft.epoch}, sequence ${draft.sequence}, time ${draft.time}: 48-bit whole numbers expected`)
      }
      const encoded = Buffer.allocUnsafeSlow(HEADER_BYTES + payload.length)
      encodeSignedPart(encoded, draft, payload.length, hashOf(payload))
      encoded.set(signBytes(null, signedText(encoded), secret), SIGNED_BYTES)
      encoded.set(payload, HEADER_BYTES)
      const decoded = decodeHeader(encoded)
      if (!decoded.ok) throw new RangeError(`chunk ${draft.sequence} would be refused: ${decoded.violation}`)
      return chunkOf(decoded.header, encoded)
    },
  }
}

/** @param publicKey 32 bytes; throws a RangeError for any other length */
export function createVerifier(publicKey: Uint8Array): ChunkVerifier {
  const key = importPublicKey(publicKey)
  const signedText = createSignedText(publicKey)
  const isSigned = (encoded: Uint8Array): boolean => verifyBytes(null, signedText(encoded), key, signatureOf(encoded))
  return {
    publicKey,
    header(encoded) {
      if (encoded.length !== HEADER_BYTES) return undefined
      const decoded = decodeHeader(encoded)
      return decoded.ok && isSigned(encoded) ? decoded.header : undefined
    },
    verify(encoded) {
      const decoded = decodeHeader(encoded)
      if (!decoded.ok) return decoded
      const { header } = decoded
      if (encoded.length !== HEADER_BYTES + header.size)
        return { ok: false, violation: encoded.length < HEADER_BYTES + header.size ? 'truncated' : 'size' }
      if (Buffer.compare(hashOf(encoded.subarray(HEADER_BYTES)), header.hash) !== 0) return { ok: false, violation: 'hash' }
      if (!isSigned(encoded)) return { ok: false, violation: 'signature' }
      return { ok: true, chunk: chunkOf(header, encoded) }
    },
  }
}

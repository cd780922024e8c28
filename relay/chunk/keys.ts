/** Ed25519 keys as raw bytes, and as the KeyObjects that node:crypto works with. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { PUBLIC_KEY_BYTES } from './channel-id.ts'

export interface ChannelKeyPair {
  /** 32 bytes, raw. */
  readonly publicKey: Uint8Array
  /** The private key's 32-byte seed (RFC 8032, section 5.1.5). Whoever has it is the channel. */
  readonly secret: Uint8Array
}

export const SECRET_BYTES = 32

/** What stands before the raw key in its DER form (RFC 8410, sections 4 and 7). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

export function generateChannelKey(): ChannelKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey: exportPublicKey(publicKey), secret: exportSecret(privateKey) }
}

/** The pair that a stored seed stands for. */
export function keyPairOf(secret: Uint8Array): ChannelKeyPair {
  return { publicKey: exportPublicKey(createPublicKey(importSecret(secret))), secret }
}

/** Throws a RangeError unless `raw` has 32 bytes; any 32 bytes are taken, a key that is no point verifies nothing. */
export function importPublicKey(raw: Uint8Array): KeyObject {
  if (raw.length !== PUBLIC_KEY_BYTES) throw new RangeError(`a public key has ${PUBLIC_KEY_BYTES} bytes, not ${raw.length}`)
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
}

/** Throws a RangeError unless `seed` has 32 bytes. */
export function importSecret(seed: Uint8Array): KeyObject {
  if (seed.length !== SECRET_BYTES) throw new RangeError(`a private key's seed has ${SECRET_BYTES} bytes, not ${seed.length}`)
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' })
}

const lastBytes = (der: Buffer, count: number): Uint8Array => Uint8Array.from(der.subarray(der.length - count))

export const exportPublicKey = (key: KeyObject): Uint8Array => lastBytes(key.export({ format: 'der', type: 'spki' }), PUBLIC_KEY_BYTES)

export const exportSecret = (key: KeyObject): Uint8Array => lastBytes(key.export({ format: 'der', type: 'pkcs8' }), SECRET_BYTES)

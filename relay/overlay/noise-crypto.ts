/**
 * Noise's cipher by node:crypto, with key objects that are made once. Given the raw key, as @libp2p/noise gives it, Node 24 finds out by
 * two exceptions that it is no key object; for each message that costs about as much as encrypting it. Small messages and the handshake
 * stay with @libp2p/noise.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { ICryptoInterface } from '@libp2p/noise'
import { defaultCrypto } from '@libp2p/noise/crypto'

const CIPHER = 'chacha20-poly1305'
const TAG_BYTES = 16
/** Below, WebAssembly is quicker than a cipher object; @libp2p/noise draws the line at the same size. */
const SMALL_BYTES = 1200

/** A connection has two keys, which go when it does. */
const keys = new WeakMap<Uint8Array, KeyObject>()

function keyOf(raw: Uint8Array): KeyObject {
  const known = keys.get(raw)
  if (known !== undefined) return known
  const key = createSecretKey(raw)
  keys.set(raw, key)
  return key
}

export const nativeNoise: ICryptoInterface = {
  ...defaultCrypto,
  chaCha20Poly1305Encrypt(plaintext, nonce, ad, k) {
    if (plaintext instanceof Uint8Array || plaintext.byteLength < SMALL_BYTES) {
      return defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, k)
    }
    const cipher = createCipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(ad, { plaintextLength: plaintext.byteLength })
    const output = plaintext.sublist(0, 0) // an empty list
    for (const piece of plaintext) output.append(cipher.update(piece))
    cipher.final()
    output.append(cipher.getAuthTag())
    return output
  },
  /** Throws when the tag does not hold; nothing of the message is given out then. */
  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst) {
    if (ciphertext instanceof Uint8Array || ciphertext.byteLength < SMALL_BYTES) {
      return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, k, dst)
    }
    const length = ciphertext.byteLength - TAG_BYTES
    const decipher = createDecipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(ad, { plaintextLength: length })
    decipher.setAuthTag(ciphertext.subarray(length))
    const output = ciphertext.sublist(0, 0)
    for (const piece of ciphertext.sublist(0, length)) output.append(decipher.update(piece))
    decipher.final()
    return output
  },
}

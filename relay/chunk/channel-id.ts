/** A channel's or a network's identity: the 32 bytes of its Ed25519 public key; as text RFC 4648 base32, lower case, unpadded. */
export const PUBLIC_KEY_BYTES = 32
/** 256 bits at 5 bits a letter. */
export const CHANNEL_ID_LETTERS = 52

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const LETTER_BITS = 5
const BYTE_BITS = 8

/** @param key any bytes; 32 of them for an id */
export function toChannelId(key: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of key) {
    held = (held << BYTE_BITS) | byte
    bits += BYTE_BITS
    while (bits >= LETTER_BITS) {
      bits -= LETTER_BITS
      text += ALPHABET[(held >>> bits) & 31]
    }
    held &= (1 << bits) - 1
  }
  return bits === 0 ? text : text + ALPHABET[(held << (LETTER_BITS - bits)) & 31]
}

/** The key of an id; undefined for any text that `toChannelId` would not have written. */
export function fromChannelId(text: string): Uint8Array | undefined {
  if (text.length !== CHANNEL_ID_LETTERS) return undefined
  const key = new Uint8Array(PUBLIC_KEY_BYTES)
  let at = 0
  let bits = 0
  let held = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value === -1) return undefined
    held = (held << LETTER_BITS) | value
    bits += LETTER_BITS
    if (bits >= BYTE_BITS) {
      bits -= BYTE_BITS
      key[at] = held >>> bits
      at += 1
      held &= (1 << bits) - 1
    }
  }
  return held === 0 ? key : undefined // one key has one text
}

/**
 * A join link: `tributary:` and the base32 of
 *
 *     1 version, 1 · 32 network key · 1 name length · name, UTF-8 · 1 number of addresses · for each: 1 length, multiaddr as text
 *     · 4 the beginning of the SHA-256 of all before it
 *
 * so that a link cut short anywhere, or mistyped, is told from a whole one.
 */
import { createHash } from 'node:crypto'
import { PUBLIC_KEY_BYTES, toChannelId } from '../chunk/channel-id.ts'
import { RelayError } from '../errors.ts'

export interface JoinLink {
  /** 32 bytes. */
  readonly networkKey: Uint8Array
  readonly name: string
  /** Multiaddrs that end in a peer id. */
  readonly bootstrap: readonly string[]
}

const SCHEME = 'tributary:'
const VERSION = 1
const CHECKSUM_BYTES = 4
const MAX_FIELD_BYTES = 255
/** A QR code that a telephone still reads. */
export const MAX_LINK_ADDRESSES = 8
export const MAX_LINK_LETTERS = 4096
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

function fromBase32(letters: string): Uint8Array | undefined {
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter)
    if (value === -1) return undefined
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits < 8) continue
    bits -= 8
    bytes.push((held >>> bits) & 0xff)
  }
  return Uint8Array.from(bytes)
}

const checksumOf = (body: Uint8Array): Uint8Array => createHash('sha256').update(body).digest().subarray(0, CHECKSUM_BYTES)

const fieldOf = (value: string): Uint8Array => {
  const bytes = Buffer.from(value, 'utf8')
  if (bytes.length > MAX_FIELD_BYTES)
    throw new RelayError('join-link-invalid', `"${value}" is too long for a join link; ${MAX_FIELD_BYTES} bytes are the most`)
  return Buffer.concat([Uint8Array.of(bytes.length), bytes])
}

/** Addresses beyond MAX_LINK_ADDRESSES are left out. */
export function encodeJoinLink(link: JoinLink): string {
  const bootstrap = link.bootstrap.slice(0, MAX_LINK_ADDRESSES)
  const body = Buffer.concat([
    Uint8Array.of(VERSION),
    link.networkKey,
    fieldOf(link.name),
    Uint8Array.of(bootstrap.length),
    ...bootstrap.map(fieldOf),
  ])
  return SCHEME + toChannelId(Buffer.concat([body, checksumOf(body)]))
}

const invalid = (what: string): RelayError => new RelayError('join-link-invalid', `this is no join link: ${what}`)

/** Upper case and white space (a QR code, a link broken over lines) do no harm. Throws `join-link-invalid`. */
export function parseJoinLink(given: string): JoinLink {
  const link = given.replace(/\s/g, '').toLowerCase()
  if (!link.startsWith(SCHEME))
    throw invalid(`it begins with "${given.trim().slice(0, SCHEME.length)}", not with "${SCHEME}"; copy it whole`)
  if (link.length > MAX_LINK_LETTERS) throw invalid(`it has ${link.length} letters; ${MAX_LINK_LETTERS} are the most`)
  const bytes = fromBase32(link.slice(SCHEME.length))
  if (bytes === undefined) throw invalid('after the colon only the letters a to z and the digits 2 to 7 are used; copy it again')
  const cut = 'it is cut short or mistyped (its checksum does not hold); copy it whole'
  if (bytes.length < 1 + PUBLIC_KEY_BYTES + 2 + CHECKSUM_BYTES) throw invalid(cut)
  const body = bytes.subarray(0, -CHECKSUM_BYTES)
  if (Buffer.compare(checksumOf(body), bytes.subarray(-CHECKSUM_BYTES)) !== 0) throw invalid(cut)
  if (body[0] !== VERSION) throw invalid(`it is of version ${body[0]}, and this Tributary reads version ${VERSION}; update Tributary`)

  let at = 1
  const take = (count: number): Uint8Array => {
    if (at + count > body.length) throw invalid('its fields do not fit its length; ask for a new one')
    at += count
    return body.subarray(at - count, at)
  }
  const field = (): string => Buffer.from(take(take(1)[0] ?? 0)).toString('utf8')
  const networkKey = take(PUBLIC_KEY_BYTES)
  const name = field()
  const bootstrap = Array.from({ length: take(1)[0] ?? 0 }, field)
  if (at !== body.length) throw invalid('its fields do not fit its length; ask for a new one')
  return { networkKey, name, bootstrap }
}

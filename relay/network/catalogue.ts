/**
 * The catalogue: what a network's key has signed, and the only way anything gets into a network.
 *
 *     offset  size  field
 *          0     8  magic, "TRIBCAT1"
 *          8    64  Ed25519 signature by the network's key over SIGNING_DOMAIN, the network's key and the JSON
 *         72     -  JSON, UTF-8: CatalogueFields
 *
 * Nothing of it is parsed before the signature holds.
 */
import { sign as signBytes, verify as verifyBytes } from 'node:crypto'
import { z } from 'zod'
import { fromChannelId } from '../chunk/channel-id.ts'
import { importPublicKey, importSecret, type ChannelKeyPair } from '../chunk/keys.ts'
import { RelayError } from '../errors.ts'
import { MAX_SLUG_LETTERS, SLUG } from './names.ts'

const MAGIC = Buffer.from('TRIBCAT1', 'latin1')
const SIGNATURE_BYTES = 64
const HEAD_BYTES = MAGIC.length + SIGNATURE_BYTES
const SIGNING_DOMAIN = Buffer.from('tributary catalogue 1\0', 'latin1')

/** A week of schedule for a hundred channels; every relay of the network keeps it in memory and passes it on. */
export const MAX_CATALOGUE_BYTES = 4 * 1024 * 1024
export const MAX_CHANNELS = 256
const MAX_PROGRAMMES = 5000 // of one channel: three weeks of half-hours, and more
const MAX_BOOTSTRAP = 16
const MAX_NAME_LETTERS = 100
const MAX_TEXT_LETTERS = 4000
/** It travels in 6 bytes. */
const MAX_SEQUENCE = 2 ** 48 - 1
/** Wall-clock times that a Date can show. */
const MAX_TIME_MS = 8.64e15

const text = z.string().min(1).max(MAX_NAME_LETTERS)
const time = z.number().int().min(0).max(MAX_TIME_MS)

const ProgrammeFields = z
  .object({
    id: z.string().min(1).max(64),
    start: time,
    end: time,
    title: z.string().min(1).max(300),
    subtitle: z.string().max(300).exactOptional(),
    description: z.string().max(MAX_TEXT_LETTERS).exactOptional(),
    category: z.string().max(MAX_NAME_LETTERS).exactOptional(),
  })
  .refine(({ start, end }) => start < end, { message: 'a programme ends after it starts' })

const ChannelFields = z.object({
  id: z.string().refine((id) => fromChannelId(id) !== undefined, { message: 'a channel id is 52 letters of base32' }),
  slug: z.string().max(MAX_SLUG_LETTERS).regex(SLUG),
  number: z.number().int().min(1).max(99_999),
  name: text,
  programmes: z.array(ProgrammeFields).max(MAX_PROGRAMMES),
})

const isUnique = (values: readonly unknown[]): boolean => new Set(values).size === values.length

const CatalogueFields = z
  .object({
    name: text,
    /** One more than any catalogue of this network before it. */
    sequence: z.number().int().min(1).max(MAX_SEQUENCE),
    /** ms since the Unix epoch. */
    issued: time,
    channels: z.array(ChannelFields).max(MAX_CHANNELS),
    /** Multiaddrs that end in a peer id. */
    bootstrap: z.array(z.string().max(512)).max(MAX_BOOTSTRAP),
  })
  .refine(({ channels }) => isUnique(channels.map(({ id }) => id)), { message: 'a channel is listed twice' })
  .refine(({ channels }) => isUnique(channels.map(({ slug }) => slug)), { message: 'a slug is used twice' })

/** One broadcast in the schedule; times in ms since the Unix epoch. */
export type Programme = Readonly<z.infer<typeof ProgrammeFields>>
export interface CatalogueChannel {
  /** base32 of the channel's key. */
  readonly id: string
  readonly slug: string
  readonly number: number
  readonly name: string
  /** By start. */
  readonly programmes: readonly Programme[]
}
export interface Catalogue {
  readonly name: string
  readonly sequence: number
  /** ms since the Unix epoch. */
  readonly issued: number
  readonly channels: readonly CatalogueChannel[]
  readonly bootstrap: readonly string[]
}

/** A catalogue whose signature holds, with the bytes that prove it to others. */
export interface SignedCatalogue {
  readonly catalogue: Catalogue
  readonly bytes: Uint8Array
}

export type CatalogueViolation = 'truncated' | 'size' | 'magic' | 'signature' | 'json' | 'fields'
export type DecodedCatalogue =
  | { readonly ok: true; readonly signed: SignedCatalogue }
  | { readonly ok: false; readonly violation: CatalogueViolation; readonly detail: string }

const refused = (violation: CatalogueViolation, detail: string): DecodedCatalogue => ({ ok: false, violation, detail })
const signedText = (networkKey: Uint8Array, json: Uint8Array): Uint8Array => Buffer.concat([SIGNING_DOMAIN, networkKey, json])

/** Total: anything may be given. `bytes` must not change afterwards. */
export function decodeCatalogue(bytes: Uint8Array, networkKey: Uint8Array): DecodedCatalogue {
  if (bytes.length > MAX_CATALOGUE_BYTES) return refused('size', `${bytes.length} bytes; ${MAX_CATALOGUE_BYTES} is the most`)
  if (bytes.length <= HEAD_BYTES) return refused('truncated', `${bytes.length} bytes are too few`)
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) return refused('magic', 'this is no catalogue')
  const json = bytes.subarray(HEAD_BYTES)
  const signature = bytes.subarray(MAGIC.length, HEAD_BYTES)
  if (!verifyBytes(null, signedText(networkKey, json), importPublicKey(networkKey), signature)) {
    return refused('signature', 'the signature is not by this network’s key')
  }
  let fields: unknown
  try {
    fields = JSON.parse(Buffer.from(json).toString('utf8'))
  } catch {
    return refused('json', 'the contents are no JSON')
  }
  const parsed = CatalogueFields.safeParse(fields)
  if (!parsed.success) return refused('fields', z.prettifyError(parsed.error))
  const channels = parsed.data.channels.map((channel) => ({
    ...channel,
    programmes: channel.programmes.toSorted((a, b) => a.start - b.start),
  }))
  return { ok: true, signed: { catalogue: { ...parsed.data, channels }, bytes } }
}

/** Throws `catalogue-invalid` for fields that no relay would take, `catalogue-too-large` for too many of them. */
export function signCatalogue(catalogue: Catalogue, network: ChannelKeyPair): SignedCatalogue {
  const json = Buffer.from(JSON.stringify(catalogue), 'utf8')
  if (HEAD_BYTES + json.length > MAX_CATALOGUE_BYTES) {
    throw new RelayError(
      'catalogue-too-large',
      `the catalogue of ${catalogue.name} would have ${HEAD_BYTES + json.length} bytes; ${MAX_CATALOGUE_BYTES} is the most: schedule fewer days`,
    )
  }
  const signature = signBytes(null, signedText(network.publicKey, json), importSecret(network.secret))
  const decoded = decodeCatalogue(Buffer.concat([MAGIC, signature, json]), network.publicKey)
  if (!decoded.ok) throw new RelayError('catalogue-invalid', `the catalogue of ${catalogue.name} would be refused: ${decoded.detail}`)
  return decoded.signed
}

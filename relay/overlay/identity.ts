/** The peer key: a small text file that only its owner can read. Whoever has it is this peer. */
import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { messageOf, RelayError } from '../errors.ts'

const HEAD = 'tributary identity 1'
const SEED_BYTES = 32
/** Head, 64 hexadecimal digits, line ends: anything longer is another file. */
const MAX_FILE_BYTES = 4096

const textOf = (seed: Uint8Array): string => `${HEAD}\n${Buffer.from(seed).toString('hex')}\n`

/** The seed in an identity file's text; undefined when it is something else or damaged. */
export function parseIdentity(text: string): Uint8Array | undefined {
  const [head, hex, ...rest] = text.split('\n')
  if (head !== HEAD || hex === undefined || rest.join('').trim() !== '') return undefined
  return /^[0-9a-f]{64}$/.test(hex) ? Uint8Array.from(Buffer.from(hex, 'hex')) : undefined
}

const codeOf = (error: unknown): string | undefined => (error instanceof Error && 'code' in error ? String(error.code) : undefined)

async function readIdentity(path: string): Promise<Uint8Array | undefined> {
  let text: string
  try {
    text = (await readFile(path)).subarray(0, MAX_FILE_BYTES).toString('latin1')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new RelayError(
      'data-unwritable',
      `the identity file ${path} cannot be read (${messageOf(error)}); make it readable for this user`,
      {
        cause: error,
      },
    )
  }
  const seed = parseIdentity(text)
  if (seed !== undefined) return seed
  throw new RelayError(
    'config-invalid',
    `${path} is no identity file, or is damaged: expected the line "${HEAD}" and one with 64 hexadecimal digits. It holds this relay's peer key. ` +
      `Restore it from a backup, or delete it to get a new peer id`,
  )
}

/** Writes the file in one step: it exists whole or not at all, and an existing one is never replaced. */
async function createIdentity(path: string, seed: Uint8Array): Promise<Uint8Array> {
  const draft = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(draft, textOf(seed), { mode: 0o600, flag: 'wx', flush: true })
    await link(draft, path)
    return seed
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return (await readIdentity(path)) ?? seed // another process was faster
    throw new RelayError(
      'data-unwritable',
      `the identity file ${path} cannot be written (${messageOf(error)}); choose a writable data folder`,
      {
        cause: error,
      },
    )
  } finally {
    await rm(draft, { force: true }).catch(() => {}) // without the folder there is no draft either
  }
}

/**
 * The peer's private key from its file, made there when the file does not exist; without a file, a key for this run only.
 * Throws `config-invalid` for a damaged file, `data-unwritable` where it cannot be read or written.
 */
export async function loadIdentity(path: string | undefined): Promise<PrivateKey> {
  if (path === undefined) return generateKeyPair('Ed25519')
  const existing = await readIdentity(path)
  if (existing !== undefined) return generateKeyPairFromSeed('Ed25519', existing)
  const fresh = await generateKeyPair('Ed25519')
  return generateKeyPairFromSeed('Ed25519', await createIdentity(path, fresh.raw.subarray(0, SEED_BYTES)))
}

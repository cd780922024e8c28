import { randomBytes } from 'node:crypto'

/** Chance, handed in: tests and the simulator bring a seeded one, and print its seed when they fail. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** `length` random bytes. */
  bytes(length: number): Uint8Array
}

const FRACTION_BITS = 53

export const systemRandom: Random = {
  next: () => Number(randomBytes(8).readBigUInt64LE() >> BigInt(64 - FRACTION_BITS)) / 2 ** FRACTION_BITS,
  bytes: (length) => new Uint8Array(randomBytes(length)),
}

/** A repeatable generator (mulberry32): for simulations and tests, never for keys. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) }
}

/** A whole number in [0, below). */
export const nextInt = (random: Random, below: number): number => Math.floor(random.next() * below)

/** A shuffled copy (Fisher-Yates). */
export function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const copy = items.slice()
  for (let last = copy.length - 1; last > 0; last -= 1) {
    const other = nextInt(random, last + 1)
    const held = copy[last] as Item
    copy[last] = copy[other] as Item
    copy[other] = held
  }
  return copy
}

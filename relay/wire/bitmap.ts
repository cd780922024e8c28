/** Bit i of a map: byte i >> 3, lowest bit first. */
const BYTE_BITS = 8

export const bitmapBytes = (count: number): number => Math.ceil(count / BYTE_BITS)

export const hasBit = (bits: Uint8Array, index: number): boolean => (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7))
}

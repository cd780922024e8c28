/** Big-endian fields. The reader is total: what is not there reads as zero, and `fault` says so. */
import type { WireViolation } from './wire.ts'

const BYTE = 256
const decoder = new TextDecoder('latin1')
/** Peer ids and multiaddrs are printable ASCII without spaces. */
const PRINTABLE = /^[\x21-\x7e]+$/

export class ByteReader {
  readonly #bytes: Uint8Array
  #at: number
  /** The first thing that was wrong. */
  fault: WireViolation | undefined

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Where the next `length` bytes stand; undefined when there are fewer. */
  #take(length: number): number | undefined {
    const at = this.#at
    if (at + length > this.#bytes.length) {
      this.fault ??= 'truncated'
      return undefined
    }
    this.#at = at + length
    return at
  }

  #uint(length: number): number {
    const at = this.#take(length)
    if (at === undefined) return 0
    let value = 0
    for (let index = at; index < at + length; index += 1) value = value * BYTE + (this.#bytes[index] as number)
    return value
  }

  uint8(): number {
    return this.#uint(1)
  }
  uint16(): number {
    return this.#uint(2)
  }
  uint32(): number {
    return this.#uint(4)
  }
  uint48(): number {
    return this.#uint(6)
  }

  /** A copy: what is kept of a control message must not pin the piece it came in. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return at === undefined ? new Uint8Array(0) : new Uint8Array(this.#bytes.subarray(at, at + length))
  }

  /** A text behind its length in one byte. */
  text(maxLength: number): string {
    const length = this.uint8()
    const at = this.#take(length)
    if (at === undefined) return ''
    const text = decoder.decode(this.#bytes.subarray(at, at + length))
    if (length > maxLength || !PRINTABLE.test(text)) this.fault ??= 'bad-value'
    return text
  }

  /** One of `values` by its number. */
  oneOf<Value>(values: readonly [Value, ...Value[]]): Value {
    const value = values[this.uint8()]
    if (value === undefined) this.fault ??= 'bad-value'
    return value ?? values[0]
  }

  /** `value`, which must be at most `most`. */
  atMost(most: number, value: number): number {
    if (value > most) this.fault ??= 'bad-value'
    return value
  }

  end(): void {
    if (this.#at < this.#bytes.length) this.fault ??= 'trailing'
  }
}

/** Writes into a frame of known size. */
export class ByteWriter {
  readonly bytes: Uint8Array
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
  }

  #uint(length: number, value: number): this {
    let left = value
    for (let index = this.#at + length - 1; index >= this.#at; index -= 1) {
      this.bytes[index] = left % BYTE
      left = Math.floor(left / BYTE)
    }
    this.#at += length
    return this
  }

  uint8(value: number): this {
    return this.#uint(1, value)
  }
  uint16(value: number): this {
    return this.#uint(2, value)
  }
  uint32(value: number): this {
    return this.#uint(4, value)
  }
  uint48(value: number): this {
    return this.#uint(6, value)
  }

  put(bytes: Uint8Array): this {
    this.bytes.set(bytes, this.#at)
    this.#at += bytes.length
    return this
  }

  text(text: string): this {
    return this.uint8(text.length).put(Buffer.from(text, 'latin1'))
  }
}

/** PURE. RFC 9110 §14: what a Range header asks of `size` bytes. */
export type ByteRange =
  /** No range, several, or in a unit that we do not know: everything. */
  | { readonly kind: 'whole' }
  /** Both included. */
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

const WHOLE: ByteRange = { kind: 'whole' }
const UNSATISFIABLE: ByteRange = { kind: 'unsatisfiable' }

export function parseRange(header: string | undefined, size: number): ByteRange {
  if (header === undefined || !/^\s*bytes\s*=/i.test(header) || header.includes(',')) return WHOLE
  const match = /^\s*bytes\s*=\s*(\d{0,16})\s*-\s*(\d{0,16})\s*$/i.exec(header)
  // Malformed: a server may refuse it (§14.2). Bytes that nobody asked for would be taken for those at the place meant.
  if (match === null) return UNSATISFIABLE
  const [, first = '', last = ''] = match
  if (first === '') {
    const suffix = Number(last)
    return last === '' || suffix === 0 || size === 0 ? UNSATISFIABLE : { kind: 'part', start: Math.max(0, size - suffix), end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  return start >= size || (last !== '' && Number(last) < start) ? UNSATISFIABLE : { kind: 'part', start, end }
}

/** Any message that limits.ts allows. */
import fc from 'fast-check'
import { bitmapBytes } from '../../relay/wire/bitmap.ts'
import { MAX_MAP_CHUNKS, MAX_PEX_ADDRESSES, MAX_PEX_PEERS, MAX_UINT16, MAX_UINT32, SUB_STREAMS } from '../../relay/wire/limits.ts'
import { GOODBYE_REASONS, REJECT_REASONS, RELEASE_REASONS, ROLES, type ControlMessage } from '../../relay/wire/wire.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const sequence = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const subStream = fc.integer({ min: 0, max: SUB_STREAMS - 1 })
const uint32 = fc.integer({ min: 0, max: MAX_UINT32 })
const text = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'abcdefXYZ0189/.:-_'.split('')), minLength: 1, maxLength })
const bits = fc
  .integer({ min: 0, max: MAX_MAP_CHUNKS })
  .chain((count) =>
    fc.record({ base: sequence, count: fc.constant(count), have: bytes(bitmapBytes(count)), access: bytes(bitmapBytes(count)) }),
  )
const pexPeer = fc.record({ peer: text(96), addresses: fc.array(text(255), { maxLength: MAX_PEX_ADDRESSES }) })
const kind = <Kind extends ControlMessage['kind']>(name: Kind) => fc.constant(name)

export const anyMessage: fc.Arbitrary<ControlMessage> = fc.oneof(
  fc.record({
    kind: kind('handshake'),
    role: fc.constantFrom(...ROLES),
    channelKey: bytes(32),
    window: uint32,
    uploadKbps: uint32,
    features: uint32,
    header: fc.option(bytes(120), { nil: undefined }),
  }),
  fc.record({ kind: kind('header'), encoded: bytes(120) }),
  fc.record({ kind: kind('have'), bits }),
  fc.record({ kind: kind('buffer-map'), oldest: sequence, free: fc.integer({ min: 0, max: 255 }), depths: bytes(SUB_STREAMS), bits }),
  fc.record({ kind: kind('subscribe'), subStream, from: sequence }),
  fc.record({ kind: kind('unsubscribe'), subStream }),
  fc.record({ kind: kind('release'), subStream, reason: fc.constantFrom(...RELEASE_REASONS) }),
  fc.record({ kind: kind('request'), sequence, deadline: fc.integer({ min: 0, max: MAX_UINT16 }) }),
  fc.record({ kind: kind('cancel'), sequence }),
  fc.record({ kind: kind('reject'), sequence, reason: fc.constantFrom(...REJECT_REASONS) }),
  fc.record({ kind: kind('choke') }),
  fc.record({ kind: kind('unchoke') }),
  fc.record({ kind: kind('pex'), peers: fc.array(pexPeer, { maxLength: MAX_PEX_PEERS }) }),
  fc.record({ kind: kind('ping'), nonce: uint32 }),
  fc.record({ kind: kind('pong'), nonce: uint32 }),
  fc.record({ kind: kind('goodbye'), reason: fc.constantFrom(...GOODBYE_REASONS) }),
)

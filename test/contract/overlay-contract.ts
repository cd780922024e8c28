/** What every overlay keeps to: run over libp2p on each transport, and over the memory overlay that other tests stand on. */
import test, { type ExecutionContext } from 'ava'
import { RelayError } from '../../relay/errors.ts'
import type { Overlay, OverlayEvents, OverlayStream } from '../../relay/overlay/overlay.ts'

export interface OverlayPair extends AsyncDisposable {
  /** Two overlays that do not know each other yet. */
  readonly near: Overlay
  readonly far: Overlay
  /** Connects near to far. */
  connect(): Promise<void>
}

export interface OverlayTraits {
  /** False where the transport cannot stop a sender (WebRTC): a paused stream is then only bounded by being reset. @default true */
  readonly stopsSenders?: boolean
}

const PROTOCOL = '/tributary/test/1.0.0'
const KIB = 1024
/** More than any overlay holds for a paused reader: the windows of both sides and the socket buffers between them. */
const FLOOD_BYTES = 64 * KIB * KIB
const BLOCK_BYTES = 64 * KIB
const DEADLINE_MS = 20_000

const soon = (): AbortSignal => AbortSignal.timeout(DEADLINE_MS)

/** A reader that keeps everything and can be asked to wait. */
function readerOf(stream: OverlayStream) {
  const pieces: Uint8Array[] = []
  const ends: (Error | undefined)[] = []
  const watchers = new Set<() => void>()
  const stir = (): void => watchers.forEach((watcher) => watcher())
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const deadline = soon()
      const watcher = (): void => {
        if (!holds()) return
        watchers.delete(watcher)
        deadline.removeEventListener('abort', onLate)
        resolve()
      }
      const onLate = (): void => reject(new Error(`not in time: ${received.length()} bytes, ${ends.length} ends`))
      deadline.addEventListener('abort', onLate)
      watchers.add(watcher)
      watcher()
    })
  const received = {
    pieces,
    ends,
    length: (): number => pieces.reduce((sum, piece) => sum + piece.length, 0),
    text: (): string => Buffer.concat(pieces).toString('latin1'),
    bytes: (count: number): Promise<void> => until(() => received.length() >= count),
    ended: (): Promise<void> => until(() => ends.length > 0),
    /** Called for each piece, before it is kept. */
    onPiece: (_piece: Uint8Array): void => {},
    start(): void {
      stream.read({
        bytes(piece) {
          received.onPiece(piece)
          pieces.push(piece)
          stir()
        },
        end(error) {
          ends.push(error)
          stir()
        },
      })
    },
  }
  return received
}

const reading = (stream: OverlayStream) => {
  const reader = readerOf(stream)
  reader.start()
  return reader
}

/** One stream, seen from both sides. */
async function streamPair(pair: OverlayPair): Promise<{ near: OverlayStream; far: OverlayStream }> {
  const arrived = Promise.withResolvers<OverlayStream>()
  await pair.far.handle(PROTOCOL, arrived.resolve)
  await pair.connect()
  const near = await pair.near.open(pair.far.self, PROTOCOL, soon())
  return { near, far: await arrived.promise }
}

const text = (words: string): Uint8Array => Buffer.from(words, 'latin1')
const blockOf = (number: number, bytes = BLOCK_BYTES): Uint8Array => {
  const block = Buffer.alloc(bytes, number & 0xff)
  block.writeUInt32BE(number)
  return block
}
const once = <Name extends keyof OverlayEvents>(overlay: Overlay, name: Name): Promise<OverlayEvents[Name]> =>
  new Promise((resolve, reject) => {
    const deadline = soon()
    const onLate = (): void => reject(new Error(`no ${name} in time`))
    deadline.addEventListener('abort', onLate, { once: true })
    const listening = overlay.events.on(name, (value) => {
      listening[Symbol.dispose]()
      deadline.removeEventListener('abort', onLate)
      resolve(value)
    })
  })
const isUnreachable = (t: ExecutionContext, error: unknown): void => {
  t.true(error instanceof RelayError, String(error))
  t.is((error as RelayError).code, 'peer-unreachable')
}

/** Declares the suite. Each test gets a pair of its own. */
export function overlayContract(name: string, setup: (t: ExecutionContext) => Promise<OverlayPair>, traits: OverlayTraits = {}): void {
  const it = (sentence: string, body: (t: ExecutionContext, pair: OverlayPair) => Promise<void>): void =>
    test(`${name}: ${sentence}`, async (t) => {
      await using pair = await setup(t)
      await body(t, pair)
    })

  it('both sides of a connection hear of it and list it', async (t, pair) => {
    const heard = Promise.all([once(pair.near, 'connect'), once(pair.far, 'connect')])
    await pair.connect()
    const [near, far] = await heard
    t.is(near.peer, pair.far.self)
    t.is(near.direction, 'outbound')
    t.is(far.peer, pair.near.self)
    t.is(far.direction, 'inbound')
    t.deepEqual(
      pair.near.connections().map(({ peer }) => peer),
      [pair.far.self],
    )
    t.is(pair.far.connections()[0]?.transport, near.transport)
  })

  it('bytes arrive in order, in both directions', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    const [atNear, atFar] = [reading(near), reading(far)]
    for (const word of ['one ', 'two ', 'three']) near.send(text(word))
    far.send(text('answer'))
    await Promise.all([atFar.bytes(13), atNear.bytes(6)])
    t.is(atFar.text(), 'one two three')
    t.is(atNear.text(), 'answer')
    t.is(far.peer, pair.near.self)
    t.is(near.peer, pair.far.self)
  })

  it('what was sent before the other side reads is not lost', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    near.send(text('early'))
    await near.close()
    const atFar = reading(far)
    await atFar.ended()
    t.is(atFar.text(), 'early')
    t.deepEqual(atFar.ends, [undefined])
  })

  it('closing sends what is queued and ends the reading of both sides in order, once', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    const [atNear, atFar] = [reading(near), reading(far)]
    for (let number = 0; number < 32; number += 1) near.send(blockOf(number))
    await near.close()
    await Promise.all([atFar.ended(), atNear.ended()])
    t.is(atFar.length(), 32 * BLOCK_BYTES)
    t.deepEqual(atFar.ends, [undefined])
    t.deepEqual(atNear.ends, [undefined])
  })

  it('aborting ends the other side with an error', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    const [atNear, atFar] = [reading(near), reading(far)]
    near.send(text('x'))
    await atFar.bytes(1)
    near.abort('a test')
    await Promise.all([atFar.ended(), atNear.ended()])
    t.true(atFar.ends[0] instanceof Error)
    t.is(atFar.ends.length, 1)
    t.is(atNear.ends.length, 1)
  })

  it('a peer that stops ends streams with an error, and the other side hears of it', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    const [atNear, atFar] = [reading(near), reading(far)]
    near.send(text('x'))
    await atFar.bytes(1)
    const heard = once(pair.near, 'disconnect')
    await pair.far[Symbol.asyncDispose]()
    const lost = await heard
    await Promise.all([atFar.ended(), atNear.ended()])
    t.is(lost.peer, pair.far.self)
    t.deepEqual(pair.near.connections(), [])
    t.false(near.send(text('nobody hears this')))
    await t.throwsAsync(near.drained(soon()))
  })

  it('disconnecting is heard on both sides', async (t, pair) => {
    await pair.connect()
    const heard = Promise.all([once(pair.near, 'disconnect'), once(pair.far, 'disconnect')])
    await pair.near.disconnect(pair.far.self)
    const [near, far] = await heard
    t.is(near.peer, pair.far.self)
    t.is(far.peer, pair.near.self)
  })

  it('a large transfer with back-pressure arrives whole', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    const atFar = reading(far)
    const blocks = 64
    for (let number = 0; number < blocks; number += 1) if (!near.send(blockOf(number))) await near.drained(soon())
    await atFar.bytes(blocks * BLOCK_BYTES)
    const all = Buffer.concat(atFar.pieces)
    t.deepEqual(
      Array.from({ length: blocks }, (_, number) => all.readUInt32BE(number * BLOCK_BYTES)),
      Array.from({ length: blocks }, (_, number) => number),
    )
  })

  it('a reader may pause in the middle and goes on where it stopped', async (t, pair) => {
    const { near, far } = await streamPair(pair)
    const atFar = readerOf(far)
    atFar.onPiece = () => far.pause()
    atFar.start()
    const blocks = 16
    for (let number = 0; number < blocks; number += 1) near.send(blockOf(number, KIB))
    await near.close()
    let seen = 0
    while (seen < blocks * KIB) {
      await atFar.bytes(seen + 1)
      seen = atFar.length()
      await new Promise<void>((resolve) => void setImmediate(resolve))
      t.is(atFar.length(), seen, 'nothing arrives while paused')
      far.resume()
    }
    await atFar.ended()
    const all = Buffer.concat(atFar.pieces)
    t.is(all.length, blocks * KIB)
    for (let number = 0; number < blocks; number += 1) t.is(all.readUInt32BE(number * KIB), number)
  })

  if (traits.stopsSenders ?? true) {
    it('a paused reader stops the sender, and all arrives after it resumed', async (t, pair) => {
      const { near, far } = await streamPair(pair)
      const atFar = reading(far)
      far.pause()
      let sent = 0
      const stuck = new AbortController()
      while (sent < FLOOD_BYTES) {
        if (near.send(blockOf(sent / BLOCK_BYTES))) sent += BLOCK_BYTES
        else {
          sent += BLOCK_BYTES
          const patience = setTimeout(() => stuck.abort(), 500) // real sockets: nothing but time shows that nothing comes
          const moved = await near.drained(stuck.signal).then(
            () => true,
            () => false,
          )
          clearTimeout(patience)
          if (!moved) break
        }
      }
      t.true(sent < FLOOD_BYTES, `${sent} bytes were taken from a sender whose reader is paused`)
      t.true(near.queued > 0)
      far.resume()
      await atFar.bytes(sent)
      await near.drained(soon())
      t.is(atFar.length(), sent)
      t.deepEqual(atFar.ends, [])
    })
  }

  it('waiting for room ends with the caller’s signal', async (t, pair) => {
    const { near } = await streamPair(pair)
    const reason = new Error('the caller has left')
    await t.throwsAsync(near.drained(AbortSignal.abort(reason)), { is: reason })
  })

  it('a protocol that nobody serves cannot be opened', async (t, pair) => {
    await pair.connect()
    isUnreachable(t, await t.throwsAsync(pair.near.open(pair.far.self, '/tributary/unknown/1.0.0', soon())))
  })

  it('a protocol has one handler; when that is disposed it is served no more, and another may come', async (t, pair) => {
    const serving = await pair.far.handle(PROTOCOL, (stream) => void stream.close())
    await t.throwsAsync(pair.far.handle(PROTOCOL, () => {}))
    await pair.connect()
    await serving[Symbol.asyncDispose]()
    isUnreachable(t, await t.throwsAsync(pair.near.open(pair.far.self, PROTOCOL, soon())))
    const again = await pair.far.handle(PROTOCOL, () => {})
    await again[Symbol.asyncDispose]()
    t.pass()
  })

  it('a peer whose addresses were learned is found by its id alone', async (t, pair) => {
    await pair.near.learn(pair.far.self, ['not an address', ...pair.far.addresses()])
    t.is(await pair.near.connect(pair.far.self, soon()), pair.far.self)
    t.true((await pair.near.knownAddresses(pair.far.self)).length > 0)
  })

  it('a peer that nobody knows cannot be reached, nor can nonsense', async (t, pair) => {
    const unknown = pair.far.self
    await pair.far[Symbol.asyncDispose]()
    isUnreachable(t, await t.throwsAsync(pair.near.connect(unknown, soon())))
    isUnreachable(t, await t.throwsAsync(pair.near.connect('/nonsense', soon())))
    isUnreachable(t, await t.throwsAsync(pair.near.open('nonsense', PROTOCOL, soon())))
  })

  it('a caller that has left gets its own reason', async (t, pair) => {
    const reason = new Error('the caller has left')
    await t.throwsAsync(pair.near.connect(pair.far.addresses()[0] ?? '', AbortSignal.abort(reason)), { is: reason })
  })

  it('a search without anybody to ask ends, empty', async (t, pair) => {
    const found: string[] = []
    for await (const peer of pair.near.find(Buffer.alloc(32, 1), soon())) found.push(peer)
    t.deepEqual(found, [])
  })

  it('what one peer provides another finds, and nobody finds himself', async (t, pair) => {
    const key = Buffer.alloc(32, 7)
    using _far = pair.far.provide(key)
    using _near = pair.near.provide(key)
    await pair.connect()
    const deadline = soon()
    const found: string[] = []
    while (found.length === 0 && !deadline.aborted) {
      for await (const peer of pair.near.find(key, deadline)) found.push(peer)
      if (found.length === 0) await new Promise((resolve) => void setTimeout(resolve, 100)) // the record is on its way
    }
    t.deepEqual(found, [pair.far.self])
  })

  it('protecting a peer is harmless, for strangers too', async (t, pair) => {
    await pair.connect()
    using _partner = pair.near.protect(pair.far.self, 80)
    using _stranger = pair.near.protect('nonsense', 80)
    t.is(pair.near.connections().length, 1)
  })

  it('stopping twice is stopping once', async (t, pair) => {
    await pair.connect()
    await Promise.all([pair.near[Symbol.asyncDispose](), pair.near[Symbol.asyncDispose]()])
    await pair.near[Symbol.asyncDispose]()
    t.deepEqual(pair.near.connections(), [])
  })
}

import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import test from 'ava'
import { createLibp2p } from 'libp2p'
import { seededRandom } from '../../relay/random.ts'
import { startPeer } from './libp2p-pair.ts'

const PROTOCOL = '/tributary/test/1.0.0'
const MESSAGE_BYTES = 60_000
const MESSAGES = 20

/** A host as libp2p makes it, with its own cipher and its own sockets. */
const stockHost = () => createLibp2p({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] })

/** Passes bytes on to a port, but for the one at `flipAt`, of which it turns a bit. */
async function flippingProxy(port: number, flipAt: number): Promise<{ readonly port: number } & AsyncDisposable> {
  let passed = 0
  const server = createServer((socket) => {
    const target = connect(port, '127.0.0.1')
    socket.on('error', () => {}).on('close', () => target.destroy())
    target
      .on('error', () => {})
      .on('close', () => socket.destroy())
      .pipe(socket)
    socket.on('data', (piece: Buffer) => {
      const at = flipAt - passed
      passed += piece.length
      if (at >= 0 && at < piece.length) piece[at] = (piece[at] ?? 0) ^ 1
      target.write(piece)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

const portOf = (address: string): number => Number(/\/tcp\/(\d+)/.exec(address)?.[1])

test('large and small messages pass unchanged between our cipher and the one of libp2p, both ways', async (t) => {
  await using peer = await startPeer()
  const stock = await stockHost()
  t.teardown(() => stock.stop())
  await using _serving = await peer.handle(PROTOCOL, (stream) => stream.read({ bytes: (piece) => stream.send(piece), end() {} }))
  const stream = await stock.dialProtocol(multiaddr(peer.addresses()[0] ?? ''), PROTOCOL)
  const sent = Buffer.from(seededRandom(1).bytes(MESSAGES * MESSAGE_BYTES))
  const back: Uint8Array[] = []
  const whole = new Promise<void>((resolve) => {
    let length = 0
    stream.addEventListener('message', ({ data }) => {
      back.push(data.subarray())
      length += data.byteLength
      if (length === sent.length) resolve()
    })
  })
  let at = 0
  for (const size of [1, 17, 1199, 1200, ...Array.from({ length: MESSAGES - 1 }, () => MESSAGE_BYTES)]) {
    stream.send(sent.subarray(at, at + size))
    at += size
  }
  stream.send(sent.subarray(at))
  await whole
  t.true(Buffer.concat(back).equals(sent))
})

test('one flipped bit on the way ends the connection, and nothing of its message is given out', async (t) => {
  await using peer = await startPeer()
  const stock = await stockHost()
  t.teardown(() => stock.stop())
  await using proxy = await flippingProxy(portOf(peer.addresses()[0] ?? ''), MESSAGES * MESSAGE_BYTES)
  const sent = Buffer.from(seededRandom(2).bytes(2 * MESSAGES * MESSAGE_BYTES))
  const got: Uint8Array[] = []
  const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>()
  await using _serving = await peer.handle(PROTOCOL, (stream) => stream.read({ bytes: (piece) => got.push(piece), end: resolve }))
  const stream = await stock.dialProtocol(multiaddr(`/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${peer.self}`), PROTOCOL)
  for (let at = 0; at < sent.length; at += MESSAGE_BYTES) stream.send(sent.subarray(at, at + MESSAGE_BYTES))
  t.truthy(await ended)
  const received = Buffer.concat(got)
  t.true(received.length < MESSAGES * MESSAGE_BYTES)
  t.true(received.equals(sent.subarray(0, received.length)))
})

import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Logger, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import test from 'ava'
import { gatheringTcp } from '../../relay/overlay/tcp.ts'

const quiet: Logger = Object.assign(() => {}, { error() {}, trace() {}, enabled: false, newScope: () => quiet })

test('what one turn of the event loop sends leaves in one piece at its end, in order', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  let connection: MultiaddrConnection | undefined
  const upgrader = {
    upgradeOutbound(given: MultiaddrConnection) {
      connection = given
      return Promise.resolve({})
    },
  } as unknown as Upgrader
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`)
  await gatheringTcp({})({ logger: { forComponent: () => quiet } }).dial(address, { upgrader, signal: AbortSignal.timeout(5000) })
  const [socket] = await accepted
  const { socket: own } = connection as MultiaddrConnection & { readonly socket: Socket }

  connection?.send(Buffer.from('first '))
  connection?.send(Buffer.from('second '))
  t.is(own.writableLength, 'first second '.length)
  await new Promise((resolve) => setImmediate(resolve))
  t.is(own.writableLength, 0)
  connection?.send(Buffer.from('third'))
  const [, text] = await Promise.all([connection?.close(), buffer(socket)])
  t.is(text.toString(), 'first second third')
})

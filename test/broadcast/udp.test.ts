import test from 'ava'
import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { PACKET_BYTES, pidOf } from '../../relay/media/ts-packet.ts'
import { startBroadcaster } from '../harness/broadcaster.ts'
import { madeStream, VIDEO_PID } from '../harness/ts.ts'

const bind = (port: number): Promise<{ readonly socket: ReturnType<typeof createSocket>; readonly port: number }> =>
  new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.bind(port, '127.0.0.1', () => resolve({ socket, port: (socket.address() as AddressInfo).port }))
  })
/** Resolves when somebody receives on the port. */
const received = async (port: number): Promise<void> => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000`
  while (!(await readFile('/proc/net/udp', 'utf8')).includes(local)) await turn()
}
const videoOf = (bytes: Uint8Array): Buffer => {
  const kept: Uint8Array[] = []
  for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES)
    if (pidOf(bytes, at) === VIDEO_PID) kept.push(bytes.subarray(at, at + PACKET_BYTES))
  return Buffer.concat(kept)
}

test('a transport stream over UDP passes packet by packet', async (t) => {
  const probe = await bind(0) // a free port
  await new Promise<void>((resolve) => probe.socket.close(() => resolve()))
  const { socket } = await bind(0)
  t.teardown(() => socket.close())
  await using broadcaster = startBroadcaster({ input: `udp://127.0.0.1:${probe.port}` })
  await received(probe.port)
  const stream = madeStream({ seconds: 20 })
  const datagram = 7 * PACKET_BYTES
  let sent = 0
  await broadcaster.play(() => {
    socket.send(stream.subarray(sent, sent + datagram), probe.port, '127.0.0.1')
    sent += datagram
    return broadcaster.collected.filter(({ chunk }) => chunk.randomAccess).length > 2 || sent >= stream.length
  })
  broadcaster.stop(new Error('enough'))
  await broadcaster.ended
  const video = videoOf(Buffer.concat(broadcaster.collected.map(({ chunk }) => chunk.payload)))
  t.true(video.length > 100 * PACKET_BYTES)
  t.true(videoOf(stream).includes(video))
  t.is(broadcaster.children, 0)
})

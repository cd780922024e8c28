/**
 * libp2p's TCP transport, whose sockets send all that one turn of the event loop gives them in one piece. A message of Noise reaches its
 * socket in four parts, three of them a few bytes long: without this each costs a system call, a packet on the way and a read over there.
 */
import type { Socket } from 'node:net'
import type { MultiaddrConnection, Transport, Upgrader } from '@libp2p/interface'
import { tcp, type TCPOptions } from '@libp2p/tcp'
import { SOCKET_QUEUE_BYTES } from './limits.ts'

/** @libp2p/tcp hands its options on to node:net, which knows these two; its own types leave them out. */
const LISTEN_OPTIONS: object = { highWaterMark: SOCKET_QUEUE_BYTES }
const DIAL_OPTIONS: object = { writableHighWaterMark: SOCKET_QUEUE_BYTES }

/** Corks the connection's socket from the first message of a turn to the end of that turn. */
function gather(connection: MultiaddrConnection): void {
  const { socket } = connection as MultiaddrConnection & { readonly socket?: Socket }
  if (socket === undefined) return
  const send = connection.send.bind(connection)
  let isCorked = false
  const release = (): void => {
    isCorked = false
    socket.uncork()
  }
  connection.send = (data) => {
    if (!isCorked) {
      isCorked = true
      socket.cork()
      process.nextTick(release)
    }
    return send(data)
  }
}

function gathering(upgrader: Upgrader): Upgrader {
  const own = Object.create(upgrader) as Upgrader
  own.upgradeInbound = (connection, options) => {
    gather(connection)
    return upgrader.upgradeInbound(connection, options)
  }
  own.upgradeOutbound = (connection, options) => {
    gather(connection)
    return upgrader.upgradeOutbound(connection, options)
  }
  return own
}

/** `tcp()` of @libp2p/tcp, with sockets that gather. */
export const gatheringTcp =
  (options: TCPOptions) =>
  (components: Parameters<ReturnType<typeof tcp>>[0]): Transport => {
    const transport = tcp({ ...options, listenOpts: LISTEN_OPTIONS, dialOpts: DIAL_OPTIONS })(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, dialling) => dial(address, { ...dialling, upgrader: gathering(dialling.upgrader) })
    transport.createListener = (listening) => createListener({ ...listening, upgrader: gathering(listening.upgrader) })
    return transport
  }

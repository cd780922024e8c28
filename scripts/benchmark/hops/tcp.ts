/** A bare TCP pipe: what the kernel and Node's sockets cost by themselves. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { counter } from './counter.ts'
import type { StartHop } from './hop.ts'
import { MESSAGE_BYTES } from './message.ts'
import { sendPaced } from './pace.ts'

async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => onSocket(socket.on('error', ignored)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return String((server.address() as AddressInfo).port)
}

const ignored = (): void => {} // the chain ends from behind

const dial = (address: string): Socket => connect({ port: Number(address), host: '127.0.0.1' }).on('error', ignored)

export const tcpHop: StartHop = async (role, { rate, upstream }, report) => {
  if (role === 'sink') {
    const count = counter(report)
    dial(upstream?.address ?? '').on('data', (piece: Buffer) => count(piece.length))
    return report({ kind: 'ready', address: '', peer: '' })
  }
  const message = Buffer.alloc(MESSAGE_BYTES, 0x47)
  const onSocket =
    role === 'middle'
      ? (socket: Socket): void => void dial(upstream?.address ?? '').pipe(socket)
      : (socket: Socket): void => {
          const drained = async (): Promise<void> => {
            await once(socket, 'drain')
          }
          sendPaced({ rate, messageBytes: MESSAGE_BYTES, send: () => socket.write(message), drained }).catch(() => process.exit(1))
        }
  report({ kind: 'ready', address: await listen(onSocket), peer: '' })
}

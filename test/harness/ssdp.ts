/** A control point's ear and mouth on loopback: hears the group of a port, and sends searches from a socket of its own. */
import { createSocket, type Socket } from 'node:dgram'

export interface Packet {
  readonly first: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface Ear extends AsyncDisposable {
  readonly heard: readonly Packet[]
  /** Resolves once `count` packets match, with all that do. */
  until(count: number, is: (packet: Packet) => boolean): Promise<readonly Packet[]>
  send(text: string, address: string): Promise<void>
}

const GROUP = '239.255.255.250'

function parse(text: string): Packet {
  const [first = '', ...lines] = text.split('\r\n')
  const pairs = lines.map((line) => /^([^:]+):\s*(.*)$/.exec(line)).filter((pair) => pair !== null)
  return { first, text, headers: Object.fromEntries(pairs.map(([, name = '', value = '']) => [name.toLowerCase(), value])) }
}

const bound = (socket: Socket, port: number, address?: string): Promise<void> =>
  new Promise((resolve) => socket.bind(port, address, resolve))

/** @param port the group's; `join` false hears only what is sent to this socket */
export async function openEar(port: number, join: boolean): Promise<Ear> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  const heard: Packet[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (message) => {
    heard.push(parse(message.toString()))
    for (const look of waiting) look()
  })
  await bound(socket, join ? port : 0)
  socket.setMulticastInterface('127.0.0.1')
  if (join) socket.addMembership(GROUP, '127.0.0.1')
  return {
    heard,
    until: (count, is) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = heard.filter(is)
          if (found.length < count) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    send: (text, address) =>
      new Promise((resolve, reject) =>
        socket.send(text, port, address === 'group' ? GROUP : address, (error) => (error === null ? resolve() : reject(error))),
      ),
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  }
}

export const search = (target: string, more = 'MX: 1\r\n', man = '"ssdp:discover"'): string =>
  `M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: ${man}\r\n${more}ST: ${target}\r\n\r\n`

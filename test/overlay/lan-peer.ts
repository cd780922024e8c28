/** A peer in a process of its own, for `lan.test.ts`: says who it is, and whom it has found. */
import { startPeer } from './libp2p-pair.ts'

const [listen = ''] = process.argv.slice(2)
const peer = await startPeer({ listen: [listen], mdns: true })
const say = (fields: object): void => void process.stdout.write(JSON.stringify(fields) + '\n')
say({ self: peer.self })
for (const connection of peer.connections()) say({ found: connection.peer })
peer.events.on('connect', (connection) => say({ found: connection.peer }))

/**
 * A peer that takes part like any other, made of the relay's own parts, but flips one bit in one chunk of a hundred that it passes on.
 *
 *     node polluting-peer.ts DATA LINK     prints {"event":"ready","peerId"} once it carries the network's first channel
 */
import { aborted } from '../../relay/abortable.ts'
import { createRing } from '../../relay/chunk/ring.ts'
import { createVerifier } from '../../relay/chunk/sign.ts'
import { systemClock } from '../../relay/clock.ts'
import { silentLog } from '../../relay/log.ts'
import { startNetworks } from '../../relay/network/networks.ts'
import { startOverlay } from '../../relay/overlay/libp2p.ts'
import type { Overlay, OverlayStream } from '../../relay/overlay/overlay.ts'
import { systemRandom } from '../../relay/random.ts'
import { startSwarms } from '../../relay/swarm/swarms.ts'
import { createUploadBudget } from '../../relay/swarm/upload-budget.ts'

/** Anything larger carries a chunk. */
const CHUNK_SENDS_BYTES = 4096
const ONE_IN = 100

const [data = '', link = ''] = process.argv.slice(2)
const stop = new AbortController()
process.on('SIGTERM', () => stop.abort())
let sent = 0

const polluted = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length < CHUNK_SENDS_BYTES) return bytes
  sent += 1
  if (sent % ONE_IN !== 0) return bytes
  const copy = Uint8Array.from(bytes)
  copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1
  process.stderr.write(`polluted ${sent}\n`)
  return copy
}
const dirty = (stream: OverlayStream): OverlayStream => ({
  peer: stream.peer,
  read: (handlers) => stream.read(handlers),
  pause: () => stream.pause(),
  resume: () => stream.resume(),
  send: (bytes) => stream.send(polluted(bytes)),
  drained: (signal) => stream.drained(signal),
  get queued() {
    return stream.queued
  },
  close: () => stream.close(),
  abort: (reason) => stream.abort(reason),
})

const overlay = await startOverlay(
  { clock: systemClock, log: silentLog },
  {
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    mdns: false,
    dht: 'server',
    block: [],
    goodPeersFile: undefined,
    identityFile: undefined,
    webrtc: false,
  },
  stop.signal,
)
const dirtyOverlay: Overlay = Object.create(overlay, {
  open: { value: async (...args: Parameters<Overlay['open']>) => dirty(await overlay.open(...args)) },
  handle: {
    value: async (...[protocol, onStream]: Parameters<Overlay['handle']>) => overlay.handle(protocol, (stream) => onStream(dirty(stream))),
  },
})
const networks = await startNetworks({ overlay, dataDir: data, clock: systemClock, log: silentLog, random: systemRandom })
await networks.join(link, stop.signal)
const channel = networks.channels()[0]
if (channel === undefined) throw new Error('the network has no channel')
const swarms = await startSwarms({
  overlay: dirtyOverlay,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  candidates: networks,
  budget: createUploadBudget(systemClock, undefined),
})
const swarm = await swarms.join(
  { channelKey: channel.key, role: 'peer', verifier: createVerifier(channel.key), ring: createRing({ maxBytes: 32 * 2 ** 20 }) },
  stop.signal,
)
using _edge = swarm.events.on('edge', (header) => networks.reportEdge(channel.key, header))
using _carried = networks.carry(channel.key)
const items = swarm.items(stop.signal)[Symbol.asyncIterator]()
await items.next()
process.stdout.write(JSON.stringify({ event: 'ready', peerId: overlay.self }) + '\n')
const drain = async (): Promise<void> => {
  while (!stop.signal.aborted) if ((await items.next()).done === true) return
}
await Promise.race([drain().catch(() => {}), aborted(stop.signal)])
process.exit(0)

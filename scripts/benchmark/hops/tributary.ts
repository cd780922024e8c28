/** Tributary: overlay, networks and swarms as in relay/node.ts, the channel joined as a relay joins it; signed, verified and forwarded. */
import { join } from 'node:path'
import '../../../relay/heap.ts'
import { createRing } from '../../../relay/chunk/ring.ts'
import { createSigner, createVerifier } from '../../../relay/chunk/sign.ts'
import { systemClock } from '../../../relay/clock.ts'
import { Violations } from '../../../relay/compose/peers.ts'
import { joinChannel } from '../../../relay/compose/tuning.ts'
import { WINDOW_BYTES } from '../../../relay/compose/window.ts'
import { resolveConfig } from '../../../relay/config.ts'
import { silentLog } from '../../../relay/log.ts'
import { encodeJoinLink, parseJoinLink } from '../../../relay/network/join-link.ts'
import { createNetwork, openProvider } from '../../../relay/network/provider.ts'
import { startNode, type Node, type Surroundings } from '../../../relay/node.ts'
import { systemRandom } from '../../../relay/random.ts'
import { counter } from './counter.ts'
import type { HopOptions, StartHop } from './hop.ts'
import { PAYLOAD_BYTES } from './message.ts'
import { sendPaced } from './pace.ts'

/** Every two seconds at 160 Mbit/s; a joiner begins at one. */
const CHUNKS_PER_ACCESS_POINT = 64

const surroundings: Surroundings = { clock: systemClock, random: systemRandom, log: silentLog }

const node = ({ folder, block }: HopOptions): Promise<Node> => {
  const flags = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false, webrtc: false, block: block === undefined ? [] : [block] }
  const config = resolveConfig({ flags, environment: {}, file: {}, defaultData: folder })
  return startNode(config, surroundings, {}, AbortSignal.any([]))
}

const networkOf = (folder: string): string => join(folder, 'network')

async function source(options: HopOptions): Promise<{ readonly own: Node; readonly link: string }> {
  const dir = networkOf(options.folder)
  await createNetwork(dir, { name: 'Benchmark', channels: [{ name: 'Channel' }], bootstrap: [] }, { clock: systemClock })
  const provider = await openProvider(dir, { clock: systemClock })
  const { keys } = provider.channel('channel')
  const own = await node(options)
  own.networks.serve(provider.networkKey, provider.catalogue.bytes)
  const ring = createRing({ maxBytes: WINDOW_BYTES })
  const key = keys.publicKey
  const swarm = await own.swarms.join({ channelKey: key, role: 'source', verifier: createVerifier(key), ring }, AbortSignal.any([]))
  own.networks.carry(key)
  const signer = createSigner(keys)
  const payload = Buffer.alloc(PAYLOAD_BYTES, 0x47)
  const epoch = Date.now()
  let sequence = epoch
  const send = (): boolean => {
    const randomAccess = (sequence - epoch) % CHUNKS_PER_ACCESS_POINT === 0
    const chunk = signer.sign({ epoch, sequence, time: Date.now(), randomAccess, discontinuity: false, ends: false, payload })
    sequence += 1
    swarm.publish(chunk)
    own.networks.reportEdge(key, chunk.header)
    return true
  }
  sendPaced({ rate: options.rate, messageBytes: PAYLOAD_BYTES, send, drained: () => Promise.resolve() }).catch(() => process.exit(1))
  return { own, link: provider.joinLink(own.overlay.addresses()) }
}

export const tributaryHop: StartHop = async (role, options, report) => {
  if (role === 'source') {
    const { own, link } = await source(options)
    report({ kind: 'ready', address: link, peer: own.overlay.self })
    return
  }
  const own = await node(options)
  const { address = '', peer = '' } = options.upstream ?? {}
  const { id } = await own.networks.join(address, AbortSignal.timeout(20_000))
  const channel = own.networks.channels()[0]
  if (channel === undefined) throw new Error(`the network ${id} has no channel`)
  const deps = {
    networks: own.networks,
    swarms: own.swarms,
    startFfmpeg: () => Promise.reject(new Error('no')),
    clock: systemClock,
    log: silentLog,
  }
  const { feed } = await joinChannel(deps, new Violations(), channel.id, AbortSignal.any([]))
  if (role === 'sink') {
    const count = counter(
      report,
      () =>
        own.swarms
          .list()[0]
          ?.snapshot()
          .shares.find((share) => share.peer === peer)?.share ?? 0,
    )
    const read = async (): Promise<void> => {
      for await (const item of feed.openReader({ from: 'live' })) if (item.kind === 'chunk') count(item.chunk.payload.length)
    }
    read().catch(() => process.exit(1))
  }
  report({
    kind: 'ready',
    address: encodeJoinLink({ ...parseJoinLink(address), bootstrap: own.overlay.addresses() }),
    peer: own.overlay.self,
  })
}

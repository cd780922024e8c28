import { join } from 'node:path'
import { broadcast } from '../broadcast/broadcast.ts'
import type { Chunk } from '../chunk/chunk.ts'
import { createRing } from '../chunk/ring.ts'
import { createSigner, createVerifier } from '../chunk/sign.ts'
import { systemClock } from '../clock.ts'
import { lazyFfmpeg } from '../compose/ffmpeg.ts'
import { WINDOW_BYTES } from '../compose/window.ts'
import { openProvider } from '../network/provider.ts'
import { systemRandom } from '../random.ts'
import { requiredFlag, wholeFlag, type Command } from './command.ts'

/** A source that gives nothing for so long has failed. */
const STALL_MS = 10_000
/** Several broadcasters share a machine: each takes free ports unless it is told which. */
const ANY_PORT = ['/ip4/0.0.0.0/tcp/0', '/ip4/0.0.0.0/tcp/0/ws', '/ip4/0.0.0.0/udp/0/webrtc-direct']

export const broadcastCommand: Command = {
  name: 'broadcast',
  summary: 'Puts a channel of a network on the air from a file, a stream or a test card',
  operands: '',
  options: ['data', 'listen', 'bootstrap', 'block', 'mdns', 'webrtc', 'upload-cap', 'ffmpeg', 'log-level'],
  own: {
    network: { type: 'string', value: 'DIR', help: 'the network’s folder, as `network create` made it' },
    channel: { type: 'string', value: 'NAME', help: 'the channel, by name or slug' },
    input: { type: 'string', value: 'SOURCE', help: 'a file, udp://, srt://, http(s)://, rtmp://, - for a pipe, test: for a test card' },
    loop: { type: 'boolean', value: '', help: 'begin again at the end, for ever' },
    program: { type: 'string', value: 'NUMBER', help: 'service of a multiplex (default: the first with video)' },
  },
  example: 'tributary broadcast --network valley-tv --channel News --input udp://239.1.1.1:5000',
  async run(context) {
    const { flags, config, json, log, print, signal } = context
    const dir = requiredFlag(context, 'broadcast', 'network')
    const name = requiredFlag(context, 'broadcast', 'channel')
    const input = requiredFlag(context, 'broadcast', 'input')
    const program = wholeFlag(flags, 'program', 1)
    const provider = await openProvider(dir, { clock: systemClock })
    const channel = provider.channel(name)

    const { catalogue } = provider.catalogue
    const own = {
      ...config,
      data: flags['data'] === undefined ? join(provider.dir, 'state', channel.slug) : config.data,
      overlay: {
        ...config.overlay,
        listen: flags['listen'] === undefined ? ANY_PORT : config.overlay.listen,
        bootstrap: [...config.overlay.bootstrap, ...catalogue.bootstrap],
      },
    }
    const { startNode } = await import('../node.ts')
    await using node = await startNode(own, { clock: systemClock, random: systemRandom, log }, {}, signal)
    node.networks.serve(provider.networkKey, provider.catalogue.bytes)
    const key = channel.keys.publicKey
    const ring = createRing({ maxBytes: WINDOW_BYTES })
    await using swarm = await node.swarms.join({ channelKey: key, role: 'source', verifier: createVerifier(key), ring }, signal)
    using _carried = node.networks.carry(key)

    let onAir = false
    const sink = (chunk: Chunk): void => {
      swarm.publish(chunk)
      node.networks.reportEdge(key, chunk.header)
      if (onAir) return
      onAir = true
      const addresses = node.overlay.addresses()
      const link = catalogue.bootstrap.length > 0 ? provider.joinLink() : provider.joinLink(addresses)
      if (json) print(JSON.stringify({ event: 'ready', peerId: node.overlay.self, addresses, channel: channel.id, link }))
      else print(`${channel.name} is on the air; others join with\n${link}`)
    }
    const deps = {
      signer: createSigner(channel.keys),
      sink,
      startFfmpeg: lazyFfmpeg(config, systemClock),
      clock: systemClock,
      log: log.child('broadcast'),
      lastSequence: channel.lastSequence,
      stdin: process.stdin,
    }
    await broadcast(deps, { input, loop: flags['loop'] === true, program, stallMs: STALL_MS }, signal)
    return 0
  },
}

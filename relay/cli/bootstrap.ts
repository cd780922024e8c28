import { aborted } from '../abortable.ts'
import { systemClock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import type { Command } from './command.ts'

export const bootstrapCommand: Command = {
  name: 'bootstrap',
  summary: 'Runs a node through which relays find each other; it carries no television',
  operands: '',
  options: ['data', 'listen', 'bootstrap', 'block', 'mdns', 'webrtc', 'log-level'],
  own: {},
  example: 'tributary bootstrap --listen /ip4/0.0.0.0/tcp/4001',
  async run({ config, json, log, print, signal }) {
    const { startNode } = await import('../node.ts')
    await using node = await startNode(config, { clock: systemClock, random: systemRandom, log }, { serveOthers: true }, signal)
    const addresses = node.overlay.addresses()
    if (json) print(JSON.stringify({ event: 'ready', peerId: node.overlay.self, addresses }))
    else for (const address of addresses) print(address)
    await aborted(signal)
    return 0
  },
}

import { systemClock } from '../clock.ts'
import { Network } from '../http/schemas.ts'
import { systemRandom } from '../random.ts'
import { operand, type Command, type CommandContext } from './command.ts'
import { findRunningRelay, relayClient } from './running-relay.ts'

const tell = (context: CommandContext, network: { readonly name: string; readonly id: string; readonly channels: number }): void =>
  context.print(context.json ? JSON.stringify(network) : `joined ${network.name}: ${network.channels} channels`)

export const joinCommand: Command = {
  name: 'join',
  summary: 'Joins a television network by its join link',
  operands: 'LINK',
  options: ['data', 'listen', 'bootstrap', 'block', 'mdns', 'webrtc', 'log-level'],
  own: {},
  example: 'tributary join tributary:ab…',
  async run(context) {
    const link = operand(context, joinCommand, 0)
    const running = findRunningRelay(context.config.data)
    if (running !== undefined) {
      tell(context, await relayClient(running).post('networks', { link }, Network, context.signal))
      return 0
    }
    const { startNode } = await import('../node.ts')
    await using node = await startNode(context.config, { clock: systemClock, random: systemRandom, log: context.log }, {}, context.signal)
    const joined = await node.networks.join(link, context.signal)
    tell(context, {
      name: joined.name,
      id: joined.id,
      channels: joined.channels,
    })
    return 0
  },
}

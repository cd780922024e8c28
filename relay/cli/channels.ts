import { z } from 'zod'
import { Channel } from '../http/schemas.ts'
import type { Command } from './command.ts'
import { requireRunningRelay } from './running-relay.ts'

const AIR = { 'on-air': 'on air', 'off-air': 'off air', unknown: '' } as const

const time = (instant: string): string => new Date(instant).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })

/** One line a channel: number, name, state and what is on. */
const lineOf = (channel: Channel): string => {
  const now = channel.now === undefined ? '' : `${channel.now.title} (until ${time(channel.now.end)})`
  return `${String(channel.number).padStart(4)}  ${channel.name.padEnd(24)}  ${AIR[channel.air.kind].padEnd(7)}  ${now}`.trimEnd()
}

export const channelsCommand: Command = {
  name: 'channels',
  summary: 'Lists the channels of the networks that the running relay has joined',
  operands: '',
  options: ['data', 'log-level'],
  own: {},
  example: 'tributary channels',
  async run(context) {
    const channels = await requireRunningRelay(context.config.data).get('channels', z.array(Channel), context.signal)
    if (context.json) context.print(JSON.stringify(channels))
    else if (channels.length === 0) context.print('no channels yet; join a network: tributary join LINK')
    else for (const channel of channels) context.print(lineOf(channel))
    return 0
  },
}

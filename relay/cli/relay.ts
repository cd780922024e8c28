import { aborted } from '../abortable.ts'
import { systemClock } from '../clock.ts'
import { openDataFolder } from '../data-folder.ts'
import { systemRandom } from '../random.ts'
import type { Command } from './command.ts'
import { claimData, refuseSecondRelay } from './running-relay.ts'

export const relayCommand: Command = {
  name: 'relay',
  summary: 'Runs the relay: channels from peers to the TVs, players and disks of this house',
  operands: '',
  options: [
    'data',
    'http-port',
    'http-host',
    'name',
    'listen',
    'bootstrap',
    'block',
    'mdns',
    'webrtc',
    'upload-cap',
    'dlna',
    'dlna-interface',
    'recordings',
    'recordings-reserve',
    'carry',
    'join',
    'ffmpeg',
    'log-level',
  ],
  own: {},
  example: 'tributary relay --recordings /mnt/disk/tv',
  async run({ config, json, log, print, signal }) {
    const { startRelay } = await import('../relay.ts')
    await openDataFolder(config.data)
    refuseSecondRelay(config.data)
    await using relay = await startRelay(config, { clock: systemClock, random: systemRandom, log }, signal)
    using _claim = claimData(config.data, relay.url)
    if (json) print(JSON.stringify({ event: 'ready', http: relay.url, peerId: relay.peerId, data: config.data }))
    else print(`Tributary is at ${relay.url}`)
    await aborted(signal)
    return 0
  },
}

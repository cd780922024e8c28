/** The API's documents, made of what the ports say and what only this folder knows. */
import type { EventLoopGauge } from './event-loop.ts'
import type { ChannelInfo, HttpPorts, RecordingInfo } from './ports.ts'
import type { Channel, Recording, Status } from './schemas.ts'

export const livePath = (channelId: string): string => `/live/${channelId}.ts`
const hlsPath = (channelId: string): string => `/live/${channelId}/index.m3u8`

export const channelView = (channel: ChannelInfo): Channel => ({ ...channel, urls: { ts: livePath(channel.id), hls: hlsPath(channel.id) } })

export const recordingView = (recording: RecordingInfo): Recording => ({
  ...recording,
  url: `/recordings/${encodeURIComponent(recording.id)}/file`,
})

export async function statusView(ports: HttpPorts, gauge: EventLoopGauge): Promise<Status> {
  const memory = process.memoryUsage()
  return {
    ...(await ports.status()),
    uptime: Math.round(process.uptime()),
    memory: { rss: memory.rss, heap: memory.heapUsed },
    blockedMs: gauge.blockedMs(),
  }
}

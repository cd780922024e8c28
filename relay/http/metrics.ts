/** `/metrics`: the Prometheus text format, made of what the ports show. */
import type { RequestHandler } from 'express'
import type { EventLoopGauge } from './event-loop.ts'
import type { HttpPorts } from './ports.ts'

/** Peers are strangers: so many rows of violations and no more, the worst first. */
const MAX_VIOLATION_ROWS = 200

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

const escaped = (value: string): string =>
  value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)

/** PURE. One metric with its samples. */
export function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines, ''].join('\n')
}

export interface HttpFigures {
  readonly viewers: number
  readonly eventClients: number
  readonly hlsSessions: number
}

const processMetrics = (gauge: EventLoopGauge): string[] => {
  const memory = process.memoryUsage()
  const cpu = process.cpuUsage()
  return [
    metric('process_resident_memory_bytes', 'gauge', 'Resident size.', [[{}, memory.rss]]),
    metric('nodejs_heap_used_bytes', 'gauge', 'Used heap.', [[{}, memory.heapUsed]]),
    metric('process_cpu_seconds_total', 'counter', 'CPU time, user and system.', [[{}, (cpu.user + cpu.system) / 1e6]]),
    metric('process_uptime_seconds', 'gauge', 'Time since the start.', [[{}, Math.round(process.uptime())]]),
    metric('tributary_main_thread_blocked_ms', 'gauge', 'Longest block of the main thread in the last minute.', [[{}, gauge.blockedMs()]]),
  ]
}

function channelMetrics(ports: HttpPorts): string[] {
  const live = ports.channels
    .list()
    .flatMap(({ id, slug, tuner }) => (tuner.kind === 'live' ? [{ labels: { channel: id, slug }, readers: tuner.readers }] : []))
  return [
    metric('tributary_feeds', 'gauge', 'Channels that are being received.', [[{}, live.length]]),
    metric(
      'tributary_feed_readers',
      'gauge',
      'Viewers, recordings and renditions of a channel.',
      live.map(({ labels, readers }) => [labels, readers]),
    ),
  ]
}

function swarmMetrics(ports: HttpPorts): string[] {
  const swarms = ports.swarms().map((swarm) => ({ swarm, labels: { channel: swarm.channel, role: swarm.role } }))
  const chunks = swarms.flatMap(({ swarm, labels }) =>
    Object.entries(swarm.chunks).map(([outcome, count]): Sample => [{ ...labels, outcome }, count]),
  )
  const violations = ports
    .violations()
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MAX_VIOLATION_ROWS)
  return [
    metric(
      'tributary_swarm_partners',
      'gauge',
      'Partners in a swarm.',
      swarms.map(({ swarm, labels }) => [labels, swarm.partners.length]),
    ),
    metric(
      'tributary_swarm_received_bytes_total',
      'counter',
      'Bytes received from partners.',
      swarms.map(({ swarm, labels }) => [labels, swarm.bytesIn]),
    ),
    metric(
      'tributary_swarm_sent_bytes_total',
      'counter',
      'Bytes sent to partners.',
      swarms.map(({ swarm, labels }) => [labels, swarm.bytesOut]),
    ),
    metric('tributary_swarm_chunks_total', 'counter', 'Chunks by what became of them.', chunks),
    metric(
      'tributary_swarm_violations_total',
      'counter',
      'What peers did against the protocol.',
      violations.map(({ peer, violation, count }) => [{ peer, violation }, count]),
    ),
    metric('tributary_peers', 'gauge', 'Connected peers.', [[{}, ports.peers().length]]),
  ]
}

const httpMetrics = (figures: HttpFigures): string[] => [
  metric('tributary_http_viewers', 'gauge', 'Open live streams.', [[{}, figures.viewers]]),
  metric('tributary_http_event_clients', 'gauge', 'Open event streams.', [[{}, figures.eventClients]]),
  metric('tributary_http_hls_sessions', 'gauge', 'Channels that are cut for HLS.', [[{}, figures.hlsSessions]]),
]

export const metricsHandler =
  (ports: HttpPorts, gauge: EventLoopGauge, figures: HttpFigures): RequestHandler =>
  (_request, response) => {
    response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
    response.setHeader('Cache-Control', 'no-store')
    response.end([...processMetrics(gauge), ...channelMetrics(ports), ...swarmMetrics(ports), ...httpMetrics(figures)].join(''))
  }

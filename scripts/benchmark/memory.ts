/** How much of the machine's memory a relay holds: with nothing to do, and at work for one TV and two peers. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, Swarm } from '../../relay/http/schemas.ts'
import type { House } from '../../test/harness/house.ts'
import { run } from '../../test/harness/processes.ts'
import { residentBytes } from './process-cpu.ts'
import { openViewers } from './viewers.ts'

const SETTLE_MS = 8_000
/** The past window of the channel is full after 32 s. */
const BUSY_MS = 45_000
const PAGE = ['--http-port', '0', '--http-host', '127.0.0.1']
/** All that a relay has by default: TCP, WebSockets and WebRTC, DLNA; but on loopback only. */
const ALL_OF_IT = ['tcp/0', 'tcp/0/ws', 'udp/0/webrtc-direct']
  .flatMap((transport) => ['--listen', `/ip4/127.0.0.1/${transport}`])
  .concat('--no-mdns', '--dlna-interface', 'lo')
const PLAIN = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-webrtc', '--no-dlna']

export interface Memory {
  /** Resident bytes, a network joined and nothing tuned. */
  readonly idle: number
  /** One channel in, one TV, two peers out. */
  readonly busy: number
  /** What went to the two peers, bit/s. */
  readonly out: number
}

/** @param house a network whose broadcaster the peers are kept from, so that they get the channel from the measured relay */
export async function measureMemory(house: House, signal: AbortSignal): Promise<Memory> {
  const source = String(house.broadcasters[0]?.process.ready['peerId'])
  const data = (name: string): string[] => ['--data', join(house.folder, name), '--join', house.link]
  await using relay = await run(['relay', ...data('measured'), ...PAGE, ...ALL_OF_IT])
  await sleep(SETTLE_MS, undefined, { signal })
  const idle = residentBytes(relay.pid)
  const peer = (name: string) => run(['relay', ...data(name), '--carry', 'all', '--block', source, ...PAGE, ...PLAIN])
  await using _one = await peer('peer-1')
  await using _two = await peer('peer-2')
  const http = String(relay.ready['http'])
  const ask = async <Shape>(path: string): Promise<Shape> => (await (await fetch(`${http}/api/v1/${path}`)).json()) as Shape
  const [channel] = await ask<readonly Channel[]>('channels')
  using _tv = openViewers(`${http}/live/${channel?.id}.ts`, 1)
  await sleep(BUSY_MS, undefined, { signal })
  const [swarm] = await ask<readonly Swarm[]>('swarms')
  return { idle, busy: residentBytes(relay.pid), out: swarm?.bitsOut ?? 0 }
}

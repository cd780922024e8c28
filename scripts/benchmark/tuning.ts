/** Time from the request of a channel to its first byte. */
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '../../relay/http/schemas.ts'
import { startHouse, until, type House } from '../../test/harness/house.ts'
import { openViewers } from './viewers.ts'

export const TRIES = 10
/** The relay has met its neighbours by then. */
const SETTLE_MS = 500
const DEADLINE_MS = 15_000
const SYNC_BYTE = 0x47

export interface TuneTimes {
  /** ms each, in the order of the tries: the channel is on already, for another viewer. */
  readonly warm: readonly number[]
  /** The relay runs, and has not got the channel. */
  readonly cold: readonly number[]
}

/** ms from the request to the first byte of the transport stream. */
const firstByte = (url: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = performance.now()
    const request = get(url, { agent: false, timeout: DEADLINE_MS }, (response) => {
      response.once('data', (piece: Buffer) => {
        if (response.statusCode === 200 && piece[0] === SYNC_BYTE) resolve(performance.now() - began)
        else reject(new Error(`${url} answered ${response.statusCode}: ${piece.toString('latin1', 0, 200)}`))
        request.destroy()
      })
    })
    request.on('timeout', () => request.destroy(new Error(`${url} gave nothing in ${DEADLINE_MS / 1000} s`))).on('error', reject)
  })

const urlOf = async ({ relay }: House): Promise<string> => {
  const channel = await until('the channel on the air', DEADLINE_MS, async () => {
    const [first] = await relay.api<readonly Channel[]>('channels')
    return first?.air.kind === 'on-air' ? first : undefined
  })
  return `${relay.url}/live/${channel.id}.ts`
}

/** In a network of a bootstrap node, a broadcaster, two peers that carry the channel, and a relay that only reaches the peers. */
export async function measureTuning(input: string, signal: AbortSignal): Promise<TuneTimes> {
  await using house = await startHouse({ channels: [{ name: 'Channel', input, flags: ['--loop'] }], carriers: 2, apart: true })
  const url = await urlOf(house)
  const warm: number[] = []
  const cold: number[] = []
  {
    using _viewer = openViewers(url, 1)
    await firstByte(url)
    for (let round = 0; round < TRIES; round += 1) {
      await sleep(SETTLE_MS / 2, undefined, { signal })
      warm.push(await firstByte(url))
    }
  }
  // A channel lingers after its last viewer; a relay that has just started is as cold as one can be.
  for (let round = 0; round < TRIES; round += 1) {
    await house.relay.stop()
    await house.relay.start()
    await urlOf(house)
    await sleep(SETTLE_MS, undefined, { signal })
    cold.push(await firstByte(url))
  }
  return { warm, cold }
}

import test from 'ava'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { EVENT_NAMES } from '../../relay/http/schemas.ts'
import { MAX_EVENT_CLIENTS } from '../../relay/http/sse.ts'
import { fakeClock } from '../harness/clock.ts'
import { channelInfo, fakeRelay, ONE, startFakeHttp } from '../harness/http-ports.ts'
import { rawOpen } from '../harness/raw-http.ts'

interface ServerEvent {
  readonly name: string
  readonly data: unknown
}

/** Reads events one after the other, comments and the retry line left out. */
async function* eventsOf(url: string, signal: AbortSignal): AsyncGenerator<ServerEvent, undefined> {
  const response = await fetch(`${url}/api/v1/events`, { signal })
  let held = ''
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    held += new TextDecoder().decode(piece)
    const frames = held.split('\n\n')
    held = frames.pop() ?? ''
    for (const frame of frames) {
      const match = /^event: (\w+)\ndata: (.*)$/.exec(frame)
      if (match !== null) yield { name: match[1] as string, data: JSON.parse(match[2] as string) as unknown }
    }
  }
  return undefined
}

const next = async (events: AsyncGenerator<ServerEvent, undefined>): Promise<ServerEvent | undefined> =>
  (await events.next()).value ?? undefined

test('whoever connects is told every list at once, each as the API shows it', async (t) => {
  const relay = fakeRelay(fakeClock())
  await using http = await startFakeHttp(relay)
  const stop = new AbortController()
  const events = eventsOf(http.url, stop.signal)
  const seen = new Map<string, unknown>()
  for (const _ of EVENT_NAMES) {
    const event = await next(events)
    seen.set(event?.name ?? '', event?.data)
  }
  t.deepEqual([...seen.keys()], [...EVENT_NAMES])
  t.deepEqual(seen.get('channels'), await (await fetch(`${http.url}/api/v1/channels`)).json())
  stop.abort()
})

test('changes close together make one event with the newest list; a change that changes nothing makes none', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using http = await startFakeHttp(relay)
  const stop = new AbortController()
  const events = eventsOf(http.url, stop.signal)
  for (const _ of EVENT_NAMES) await next(events)

  relay.changes.emit('renderers', undefined)
  await clock.advance(250)
  relay.channels.push(channelInfo('c'.repeat(52), 'three', 3, 'Three'))
  relay.changes.emit('channels', undefined)
  relay.channels.push(channelInfo('d'.repeat(52), 'four', 4, 'Four'))
  relay.changes.emit('channels', undefined)
  await clock.advance(249)
  relay.channels.push(channelInfo('e'.repeat(52), 'five', 5, 'Five'))
  relay.changes.emit('channels', undefined)
  await clock.advance(1)
  const first = await next(events)
  t.is(first?.name, 'channels')
  t.is((first?.data as unknown[] | undefined)?.length, 5)
  relay.renderers.pop()
  relay.changes.emit('renderers', undefined)
  await clock.advance(250)
  t.deepEqual(await next(events), { name: 'renderers', data: [] })
  stop.abort()
})

test('swarms are looked at once a second while somebody listens', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  let looks = 0
  const ports = {
    ...relay.ports,
    swarms: () => {
      looks += 1
      return [
        {
          channel: ONE,
          channelName: 'One',
          role: 'peer' as const,
          partners: [],
          bitsIn: looks,
          bitsOut: 0,
          bytesIn: 0,
          bytesOut: 0,
          chunks: { received: 0, duplicate: 0, missed: 0, rejected: 0 },
          shares: [],
          uploadCap: 0,
        },
      ]
    },
  }
  await using http = await startFakeHttp({ ...relay, ports })
  await clock.advance(10_000)
  t.is(looks, 0)
  const stop = new AbortController()
  const events = eventsOf(http.url, stop.signal)
  for (const _ of EVENT_NAMES) await next(events)
  await clock.advance(1_000)
  const event = await next(events)
  t.is(event?.name, 'swarms')
  t.is((event?.data as { bitsIn: number }[] | undefined)?.[0]?.bitsIn, 2)
  stop.abort()
})

const LINES = ['GET /api/v1/events HTTP/1.1', 'Host: localhost']
const until = async (socket: Socket, pattern: RegExp): Promise<string> => {
  let text = ''
  for await (const piece of socket.iterator({ destroyOnReturn: false })) {
    text += String(piece)
    if (pattern.test(text)) return text
  }
  return text
}

test('a silent stream is kept alive by a comment', async (t) => {
  const clock = fakeClock()
  await using http = await startFakeHttp(fakeRelay(clock))
  const socket = rawOpen(http.port, LINES)
  const text = await until(socket, /event: status/)
  t.regex(text, /content-type: text\/event-stream/i)
  await clock.advance(15_000)
  t.regex(await until(socket, /\n:\n\n/), /\n:\n\n/)
  socket.destroy()
})

test('a client that does not read is closed, and the others go on', async (t) => {
  const clock = fakeClock()
  const relay = fakeRelay(clock)
  await using http = await startFakeHttp(relay)
  const slow = rawOpen(http.port, LINES)
  await until(slow, /event: status/)
  slow.pause()
  const good = rawOpen(http.port, LINES)
  await until(good, /event: status/)
  const closed = once(slow, 'close')
  slow.on('error', () => {})
  // More than the client's kernel takes plus what the server lets wait.
  for (let round = 0; round < 40; round += 1) {
    relay.renderers.splice(0, 1, { id: `tv${round}`, name: 'x'.repeat(1024 * 1024), state: { kind: 'idle' } })
    relay.changes.emit('renderers', undefined)
    await clock.advance(250)
    await until(good, new RegExp(`tv${round}"[^]*\n\n`))
  }
  slow.resume()
  await closed
  t.false(good.destroyed)
  good.destroy()
})

test('clients are bounded', async (t) => {
  await using http = await startFakeHttp(fakeRelay(fakeClock()))
  const sockets = Array.from({ length: MAX_EVENT_CLIENTS }, () => rawOpen(http.port, LINES))
  await Promise.all(sockets.map((socket) => until(socket, /event: status/)))
  const full = await fetch(`${http.url}/api/v1/events`)
  t.is(full.status, 503)
  await full.text()
  for (const socket of sockets) socket.destroy()
})

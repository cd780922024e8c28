import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { callbackOf, grantedTimeout } from '../../relay/dlna/gena.ts'
import { fakeClock, type FakeClock } from '../harness/clock.ts'
import { ask, browse, newsOne, serveDlna, type Answer, type Lists } from '../harness/dlna.ts'

interface Notified {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}
interface Subscriber extends AsyncDisposable {
  readonly callback: string
  /** The next event, past or future. */
  next(): Promise<Notified>
}

async function subscriber(status = 200, host = '127.0.0.1'): Promise<Subscriber> {
  const events: Notified[] = []
  const waiting: ((event: Notified) => void)[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece: Buffer) => (body += piece.toString()))
    request.on('end', () => {
      response.writeHead(status).end()
      const event = { headers: request.headers, body }
      const wake = waiting.shift()
      if (wake === undefined) events.push(event)
      else wake(event)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return {
    callback: `<http://127.0.0.1:${(server.address() as AddressInfo).port}/events>`,
    next: () => {
      const event = events.shift()
      return event === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(event)
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** Lets virtual time pass, in steps that leave room for real sockets, until `work` is done. */
async function passing<Value>(clock: FakeClock, work: Promise<Value>): Promise<Value> {
  let done = false
  const finished = (): void => {
    done = true
  }
  work.then(finished, finished)
  while (!done) {
    await clock.advance(500)
    await new Promise(setImmediate)
  }
  return work
}

const EVENTS = '/dlna/events/content-directory'
const subscribe = (port: number, headers: Record<string, string>): Promise<Answer> => ask(port, EVENTS, { method: 'SUBSCRIBE', headers })
const NEW = { NT: 'upnp:event', TIMEOUT: 'Second-300' }

test('a subscriber first hears the whole state, then each change with the next number', async (t) => {
  const lists: Lists = { channels: [newsOne], recordings: [] }
  await using server = await serveDlna({ lists })
  await using tv = await subscriber()
  const granted = await subscribe(server.port, { ...NEW, CALLBACK: tv.callback })
  t.is(granted.status, 200)
  t.is(granted.headers['timeout'], 'Second-300')
  const first = await tv.next()
  t.is(first.headers['seq'], '0')
  t.is(first.headers['sid'], granted.headers['sid'])
  t.is(first.headers['nts'], 'upnp:propchange')
  t.regex(first.body, /<e:property><SystemUpdateID>\d+<\/SystemUpdateID><\/e:property>/)
  t.regex(first.body, /<ContainerUpdateIDs>live,\d+,recordings,\d+<\/ContainerUpdateIDs>/)

  lists.channels = [{ ...newsOne, air: 'off-air' }]
  server.dlna.refresh()
  const second = await tv.next()
  t.is(second.headers['seq'], '1')
  t.regex(second.body, /<ContainerUpdateIDs>live,\d+<\/ContainerUpdateIDs>/)
})

test('a programme that begins is told within two seconds, without anybody calling', async (t) => {
  const clock = fakeClock()
  const lists: Lists = { channels: [newsOne], recordings: [] }
  await using server = await serveDlna({
    clock,
    lists: {
      get channels() {
        const film = newsOne.next
        return clock.now() < (newsOne.now?.end ?? 0) ? lists.channels : [{ ...newsOne, now: film, next: undefined }]
      },
      recordings: [],
    },
  })
  await using tv = await subscriber()
  await subscribe(server.port, { ...NEW, TIMEOUT: 'Second-1800', CALLBACK: tv.callback })
  await tv.next()
  const told = tv.next()
  await clock.advance(1_800_000 - 1000)
  const { body } = await browse(server.port, 'live')
  t.true(body.includes('The News'))
  t.regex((await passing(clock, told)).body, /<ContainerUpdateIDs>live,\d+</)
  t.true((await browse(server.port, 'live')).body.includes('programTitle&gt;Film'))
})

const liveId = ({ body }: Notified): number => Number(/<ContainerUpdateIDs>live,(\d+)/.exec(body)?.[1])

test('changes in a row are told as one after two seconds', async (t) => {
  const clock = fakeClock()
  const lists: Lists = { channels: [newsOne], recordings: [] }
  await using server = await serveDlna({ clock, lists })
  await using tv = await subscriber()
  await subscribe(server.port, { ...NEW, CALLBACK: tv.callback })
  const before = liveId(await tv.next())
  const told = tv.next()
  for (const air of ['off-air', 'on-air', 'off-air'] as const) {
    lists.channels = [{ ...newsOne, air }]
    server.dlna.refresh()
    await clock.advance(500)
  }
  const event = await passing(clock, told)
  t.is(event.headers['seq'], '1')
  t.is(liveId(event), before + 3)
})

test('a callback that leads to somebody else is refused', async (t) => {
  await using server = await serveDlna()
  for (const callback of [
    '<http://10.0.0.99:80/>',
    '<http://example.com/>',
    '<http://localhost:80/>',
    '<https://127.0.0.1/>',
    '<http://127.0.0.1@10.0.0.99/>',
    '<http://127.0.0.2/>',
    'http://127.0.0.1/',
    '<>',
    '<http://10.0.0.99/><http://10.0.0.98/>',
    `<http://127.0.0.1/${'a'.repeat(1000)}>`,
  ]) {
    t.is((await subscribe(server.port, { ...NEW, CALLBACK: callback })).status, 412, callback.slice(0, 60))
  }
  t.is((await subscribe(server.port, NEW)).status, 412)
  t.is((await subscribe(server.port, { NT: 'upnp:other', CALLBACK: '<http://127.0.0.1/>' })).status, 412)
})

test('of several callbacks the first that leads back is taken', (t) => {
  t.is(callbackOf('<http://10.0.0.9/x><http://10.0.0.7:99/y>', '::ffff:10.0.0.7')?.href, 'http://10.0.0.7:99/y')
})

test('a subscription is renewed by its SID alone, and ends when it is told to', async (t) => {
  await using server = await serveDlna()
  await using tv = await subscriber()
  const { headers } = await subscribe(server.port, { ...NEW, CALLBACK: tv.callback })
  const SID = String(headers['sid'])
  t.is((await subscribe(server.port, { SID, TIMEOUT: 'Second-infinite' })).headers['timeout'], 'Second-1800')
  t.is((await subscribe(server.port, { SID, ...NEW })).status, 400)
  t.is((await subscribe(server.port, { SID: 'uuid:none' })).status, 412)
  t.is((await ask(server.port, '/dlna/events/registrar', { method: 'SUBSCRIBE', headers: { SID } })).status, 412)
  t.is((await ask(server.port, EVENTS, { method: 'UNSUBSCRIBE', headers: { SID } })).status, 200)
  t.is((await ask(server.port, EVENTS, { method: 'UNSUBSCRIBE', headers: { SID } })).status, 412)
  t.is((await subscribe(server.port, { SID })).status, 412)
})

test('the same TV that subscribes a thousand times holds one subscription', async (t) => {
  await using server = await serveDlna()
  await using tv = await subscriber()
  const sids: string[] = []
  for (let index = 0; index < 1000; index += 1) {
    const { status, headers } = await subscribe(server.port, { ...NEW, CALLBACK: tv.callback })
    t.is(status, 200)
    sids.push(String(headers['sid']))
  }
  t.is(new Set(sids).size, 1000)
  t.is((await subscribe(server.port, { SID: sids[0] ?? '' })).status, 412)
  t.is((await subscribe(server.port, { SID: sids.at(-1) ?? '' })).status, 200)
})

test('a timeout is never infinite and never absurdly short', (t) => {
  t.is(grantedTimeout('Second-infinite'), 1800)
  t.is(grantedTimeout(undefined), 1800)
  t.is(grantedTimeout('Second-1'), 60)
  t.is(grantedTimeout('Second-99999'), 1800)
  t.is(grantedTimeout('second-600'), 600)
})

test('a subscriber that no longer knows the subscription loses it', async (t) => {
  await using server = await serveDlna()
  await using tv = await subscriber(412)
  const { headers } = await subscribe(server.port, { ...NEW, CALLBACK: tv.callback })
  await tv.next()
  let status = 200
  while (status === 200) ({ status } = await subscribe(server.port, { SID: String(headers['sid']) }))
  t.is(status, 412)
})

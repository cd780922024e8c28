import test from 'ava'
import fc from 'fast-check'
import { systemClock } from '../../relay/clock.ts'
import { castMetadata, followCast, parseTime, planMimes, startCast, stopCast, type CastTo, type Media } from '../../relay/dlna/cast.ts'
import { parseAnswer, parseCommand } from '../../relay/dlna/cast-messages.ts'
import { createCastProcess, type CastProcess } from '../../relay/dlna/cast-process.ts'
import { GENERIC } from '../../relay/dlna/quirks.ts'
import { RelayError } from '../../relay/errors.ts'
import { silentLog } from '../../relay/log.ts'
import { argumentOf, fault, startRenderer, type FakeRenderer, type SoapReply, type SoapRequest } from '../harness/renderer.ts'

const MEDIA: Media = {
  live: true,
  transcoded: false,
  url: 'http://127.0.0.1:1/dlna/live/news-one.ts',
  title: '12 Новости & 🎬 "<x>"',
  class: 'object.item.videoItem.videoBroadcast',
}
const { signal } = new AbortController()

const childFor = (): CastProcess => createCastProcess({ clock: systemClock, log: silentLog })
const to = ({ description }: FakeRenderer): CastTo => ({ description, address: '127.0.0.1', quirk: GENERIC })
const command = (renderer: FakeRenderer, action: string, args = {}) => {
  const { location, transport, connections } = renderer.description
  return { renderer: { location, address: '127.0.0.1', transport, connections }, service: 'AVTransport', action, args } as const
}
/** Plays whatever it is given. */
const willing = ({ action }: SoapRequest): SoapReply => {
  switch (action) {
    case 'GetProtocolInfo':
      return { values: { Source: '', Sink: 'http-get:*:video/mp4:*,http-get:*:video/mpeg:*' } }
    case 'GetTransportInfo':
      return { values: { CurrentTransportState: 'PLAYING', CurrentTransportStatus: 'OK', CurrentSpeed: '1' } }
    case 'GetPositionInfo':
      return { values: { RelTime: '0:01:02', AbsTime: 'NOT_IMPLEMENTED' } }
    default:
      return {}
  }
}

test('the metadata is ASCII, says our class and flags, and reads back as the title', (t) => {
  t.is(
    castMetadata(MEDIA, 'video/mpeg', GENERIC),
    '<DIDL-Lite xmlns="urn:schemas-upnp-org:metadata-1-0/DIDL-Lite/" xmlns:dc="http://purl.org/dc/elements/1.1/"' +
      ' xmlns:upnp="urn:schemas-upnp-org:metadata-1-0/upnp/" xmlns:dlna="urn:schemas-dlna-org:metadata-1-0/">' +
      '<item id="cast" parentID="0" restricted="1">' +
      '<dc:title>12 &#1053;&#1086;&#1074;&#1086;&#1089;&#1090;&#1080; &amp; &#127916; &quot;&lt;x&gt;&quot;</dc:title>' +
      '<upnp:class>object.item.videoItem.videoBroadcast</upnp:class>' +
      '<res protocolInfo="http-get:*:video/mpeg:DLNA.ORG_OP=00;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=8D100000000000000000000000000000">' +
      'http://127.0.0.1:1/dlna/live/news-one.ts</res></item></DIDL-Lite>',
  )
})

test('a renderer that closes its connections without a word plays three times of three, and is never subscribed to', async (t) => {
  await using tv = await startRenderer({}, willing)
  await using process = childFor()
  for (let round = 0; round < 3; round += 1) {
    await startCast({ process, clock: systemClock }, to(tv), MEDIA, () => {}, signal)
    await stopCast({ process, clock: systemClock }, to(tv), signal)
  }
  const set = tv.calls.find(({ action }) => action === 'SetAVTransportURI')
  t.is(argumentOf(set, 'CurrentURI'), MEDIA.url)
  t.is(argumentOf(set, 'CurrentURIMetaData'), castMetadata(MEDIA, 'video/mpeg', GENERIC))
  t.is(set?.bytes, Number(set?.headers['content-length']))
  t.deepEqual(tv.strange, [])
})

test('a fault without a description, and an answer that is no XML, fail their own command and no other', async (t) => {
  const asked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<SoapReply>()
  await using bad = await startRenderer({}, ({ action }) => (action === 'Stop' ? fault(701, '') : { body: '<s:Envelope><not closed' }))
  await using slow = await startRenderer({ udn: 'uuid:slow' }, () => {
    asked.resolve()
    return release.promise
  })
  await using process = childFor()
  const between = process.call(command(slow, 'Stop', { InstanceID: '0' }), signal)
  await asked.promise
  const { pid } = process
  t.false((await process.call(command(bad, 'Stop', { InstanceID: '0' }), signal)).ok)
  t.false((await process.call(command(bad, 'GetTransportInfo', { InstanceID: '0' }), signal)).ok)
  release.resolve({})
  t.true((await between).ok)
  t.is(process.pid, pid)
})

test('two renderers of one name are two', async (t) => {
  await using one = await startRenderer({ name: 'TV', udn: 'uuid:1' }, willing)
  await using other = await startRenderer({ name: 'TV', udn: 'uuid:2' }, willing)
  await using process = childFor()
  await process.call(command(one, 'Stop', { InstanceID: '0' }), signal)
  await process.call(command(other, 'Pause', { InstanceID: '0' }), signal)
  t.deepEqual([one.calls.map(({ action }) => action), other.calls.map(({ action }) => action)], [['Stop'], ['Pause']])
})

test('an error of the renderer is an answer with its code', async (t) => {
  await using tv = await startRenderer({}, () => fault(718, 'Invalid InstanceID'))
  await using process = childFor()
  t.like(await process.call(command(tv, 'GetPositionInfo', { InstanceID: '9' }), signal), {
    ok: false,
    code: 718,
    message: 'Invalid InstanceID (718)',
  })
})

test('a type that is refused is followed by the next one, and the renderer hears of each before it asks for the URL', async (t) => {
  const told: string[] = []
  await using tv = await startRenderer({}, (call) => {
    const mime = /video\/[a-z0-9.-]+/.exec(argumentOf(call, 'CurrentURIMetaData'))?.[0]
    return call.action === 'SetAVTransportURI' && mime !== 'video/mp2t' ? fault(714, 'Illegal MIME-type') : willing(call)
  })
  await using process = childFor()
  await startCast({ process, clock: systemClock }, to(tv), MEDIA, (mime) => told.push(mime), signal)
  t.deepEqual(told, ['video/mpeg', 'video/mp2t'])
})

test('a refusal is told in a sentence with the name of the TV', async (t) => {
  await using tv = await startRenderer({ name: 'Kitchen' }, (call) =>
    call.action === 'Play' ? fault(701, 'Transition not available') : willing(call),
  )
  await using process = childFor()
  const error = await t.throwsAsync(
    startCast({ process, clock: systemClock }, to(tv), MEDIA, () => {}, signal),
    { instanceOf: RelayError, code: 'renderer-refused' },
  )
  t.is(error?.message, 'Kitchen refused to play: Transition not available (701)')
})

test('a TV that opens the channel and stops has refused it', async (t) => {
  let polls = 0
  await using tv = await startRenderer({}, (call) =>
    call.action === 'GetTransportInfo'
      ? { values: { CurrentTransportState: (polls += 1) < 3 ? 'TRANSITIONING' : 'STOPPED' } }
      : willing(call),
  )
  await using process = childFor()
  await t.throwsAsync(
    startCast({ process, clock: systemClock }, to(tv), MEDIA, () => {}, signal),
    { code: 'renderer-refused', message: /Try another profile/ },
  )
})

test('a cast is followed until the TV stops', async (t) => {
  let polls = 0
  await using tv = await startRenderer({}, (call) =>
    call.action === 'GetTransportInfo' ? { values: { CurrentTransportState: (polls += 1) < 2 ? 'PLAYING' : 'STOPPED' } } : willing(call),
  )
  await using process = childFor()
  const positions: number[] = []
  await followCast({ process, clock: systemClock }, to(tv), (position) => positions.push(position), signal)
  t.deepEqual(positions, [62, 62])
})

test('the child may ask nobody but the renderer: a redirect of its description leads nowhere', async (t) => {
  await using victim = await startRenderer({ udn: 'uuid:victim' }, willing)
  await using tv = await startRenderer({ redirect: victim.description.location }, willing)
  await using process = childFor()
  const answer = await process.call(command(tv, 'Stop', {}), signal)
  t.false(answer.ok)
  t.regex(answer.ok ? '' : answer.message, /is not a renderer that we know/)
  t.deepEqual([victim.calls, victim.strange, victim.described()], [[], [], 0])
})

test('a child that dies fails its commands, and the next command starts another', async (t) => {
  const asked = Promise.withResolvers<void>()
  await using silent = await startRenderer({}, () => {
    asked.resolve()
    return undefined
  })
  await using tv = await startRenderer({ udn: 'uuid:2' }, willing)
  await using cast = childFor()
  const waiting = cast.call(command(silent, 'Play', {}), signal)
  waiting.catch(() => {})
  await asked.promise
  const { pid } = cast
  if (pid === undefined) return t.fail()
  process.kill(pid, 'SIGKILL')
  await t.throwsAsync(waiting, { code: 'renderer-timeout' })
  t.true((await cast.call(command(tv, 'Stop', {}), signal)).ok)
  t.not(cast.pid, pid)
})

test('a caller that leaves is let go at once', async (t) => {
  const asked = Promise.withResolvers<void>()
  await using silent = await startRenderer({}, () => {
    asked.resolve()
    return undefined
  })
  await using process = childFor()
  const leave = new AbortController()
  const waiting = process.call(command(silent, 'Play', {}), leave.signal)
  waiting.catch(() => {})
  await asked.promise
  leave.abort(new Error('gone'))
  await t.throwsAsync(waiting, { message: 'gone' })
})

test('types are tried as the Sink names them, the family first', (t) => {
  t.deepEqual(planMimes(GENERIC, 'http-get:*:video/mp2t:*'), ['video/mp2t', 'video/mpeg', 'video/vnd.dlna.mpeg-tts'])
  t.deepEqual(planMimes(GENERIC, ''), ['video/mpeg', 'video/mp2t', 'video/vnd.dlna.mpeg-tts'])
})

test('positions are read in all their forms', (t) => {
  t.is(parseTime('1:02:03.5'), 3723.5)
  t.is(parseTime('00:00:07'), 7)
  t.is(parseTime('NOT_IMPLEMENTED'), 0)
  t.is(parseTime(undefined), 0)
})

test('whatever the two processes say to each other, reading it never throws', (t) => {
  fc.assert(fc.property(fc.anything(), (value) => t.notThrows(() => [parseCommand(value), parseAnswer(value)])))
  t.deepEqual(parseAnswer({ id: 1, ok: true, result: { a: 'b', c: 3 } }), { id: 1, ok: true, result: { a: 'b' } })
  t.is(parseAnswer({ ok: true }), undefined)
})

import test from 'ava'
import { planMedia, type MediaPlan } from '../../relay/dlna/media-request.ts'
import { GENERIC, QUIRKS, quirkOfDevice, quirkOfHeaders } from '../../relay/dlna/quirks.ts'

const samsung = QUIRKS.find(({ id }) => id === 'samsung') ?? GENERIC
const plan = (headers: Record<string, string> = {}, { live = true, http10 = false, quirk = GENERIC } = {}): MediaPlan =>
  planMedia({ headers, http10 }, { live, transcoded: false, mime: quirk.tsMime, server: 'S' }, quirk)
const outcome = (made: MediaPlan): number | string => (made.kind === 'refuse' ? made.status : 'served')

test('a live answer says what it is, in every header that DLNA knows', (t) => {
  t.deepEqual(plan(), {
    kind: 'serve',
    close: false,
    headers: {
      'Content-Type': 'video/mpeg',
      'contentFeatures.dlna.org': 'DLNA.ORG_OP=00;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=8D100000000000000000000000000000',
      'transferMode.dlna.org': 'Streaming',
      EXT: '',
      Server: 'S',
      'realTimeInfo.dlna.org': 'DLNA.ORG_TLAG=*',
      'Accept-Ranges': 'none',
      'Cache-Control': 'no-cache',
    },
  })
})

test('a file promises byte seek and leaves ranges to its sender', (t) => {
  t.deepEqual(plan({ range: 'bytes=100-200' }, { live: false }), {
    kind: 'serve',
    close: false,
    headers: {
      'Content-Type': 'video/mpeg',
      'contentFeatures.dlna.org': 'DLNA.ORG_OP=01;DLNA.ORG_CI=0;DLNA.ORG_FLAGS=01700000000000000000000000000000',
      'transferMode.dlna.org': 'Streaming',
      EXT: '',
      Server: 'S',
    },
  })
})

// [header, value, live, a file, live for a Samsung]
for (const [name, value, live, file, forSamsung] of [
  ['range', 'bytes=0-', 'served', 'served', 'served'],
  ['range', 'bytes=0-1023', 'served', 'served', 'served'],
  ['range', 'bytes=1000-', 416, 'served', 'served'],
  ['range', 'bytes=-500', 416, 'served', 'served'],
  ['range', 'bytes=a-b', 400, 400, 'served'],
  ['range', 'octets=0-', 400, 400, 'served'],
  ['getcontentfeatures.dlna.org', '1', 'served', 'served', 'served'],
  ['getcontentfeatures.dlna.org', '0', 400, 400, 400],
  ['getcontentfeatures.dlna.org', 'yes', 400, 400, 400],
  ['transfermode.dlna.org', 'Streaming', 'served', 'served', 'served'],
  ['transfermode.dlna.org', 'streaming', 'served', 'served', 'served'],
  ['transfermode.dlna.org', 'Background', 406, 'served', 406],
  ['transfermode.dlna.org', 'Interactive', 406, 406, 406],
  ['transfermode.dlna.org', 'Bogus', 406, 406, 406],
  ['timeseekrange.dlna.org', 'npt=10.0-', 406, 406, 406],
  ['playspeed.dlna.org', 'speed=1', 'served', 'served', 'served'],
  ['playspeed.dlna.org', 'speed=2', 406, 406, 406],
  ['playspeed.dlna.org', 'speed=1/2', 406, 406, 406],
  ['playspeed.dlna.org', 'fast', 400, 400, 400],
] as const) {
  test(`${name}: ${value} gives live ${live}, a file ${file}, live on a Samsung ${forSamsung}`, (t) => {
    const headers = { [name]: value }
    t.is(outcome(plan(headers)), live)
    t.is(outcome(plan(headers, { live: false })), file)
    t.is(outcome(plan(headers, { quirk: samsung })), forSamsung)
  })
}

test('a refused live range says that there are none', (t) => {
  t.deepEqual(plan({ range: 'bytes=1-' }), { kind: 'refuse', status: 416, headers: { 'Content-Range': 'bytes */*' } })
})

test('the end of the connection ends the programme for HTTP/1.0 and for sets that want no chunks', (t) => {
  const closes = (made: MediaPlan): unknown => (made.kind === 'serve' ? [made.close, made.headers['Connection']] : made)
  t.deepEqual(closes(plan()), [false, undefined])
  t.deepEqual(closes(plan({}, { http10: true })), [true, 'close'])
  t.deepEqual(closes(plan({}, { quirk: samsung })), [true, 'close'])
  t.deepEqual(closes(plan({}, { http10: true, live: false })), [false, undefined])
})

for (const [headers, id] of [
  [{ 'user-agent': 'DLNADOC/1.50 SEC_HHP_[TV] Samsung Q7 Series (49)/1.0 UPnP/1.0' }, 'samsung'],
  [{ 'user-agent': 'SEC_HHP_[PC]LPC001/1.0' }, undefined],
  [{ 'user-agent': 'Linux/3.10 UPnP/1.0 LGE_DLNA_SDK/1.6.0' }, 'lg'],
  [{ 'x-av-client-info': 'av=5.0; cn="Sony Corporation"; mn="BRAVIA KD-55"; mv="1.7"' }, 'sony'],
  [{ 'x-av-client-info': 'av=5.0; cn="Sony Computer Entertainment Inc."; mn="PLAYSTATION 3"; mv="1.0"' }, 'playstation'],
  [{ 'user-agent': 'Panasonic MIL DLNA CP UPnP/1.0' }, 'panasonic'],
  [{ 'user-agent': 'Allegro-Software-WebClient/5.40b1 DLNADOC/1.50' }, 'philips'],
  [{ 'user-agent': 'Xbox/2.0.17559.0 UPnP/1.0 Xbox/2.0.17559.0' }, 'xbox'],
  [{ 'user-agent': 'UPnP/1.0 DLNADOC/1.50 Kodi' }, 'kodi'],
  [{ 'user-agent': 'VLC/3.0.24 LibVLC/3.0.24' }, 'vlc'],
  [{ 'user-agent': 'KnOS/3.2 UPnP/1.0 DMP/3.5' }, 'picky-ranges'],
  [{ 'user-agent': 'curl/8' }, undefined],
  [{}, undefined],
] as const) {
  test(`${Object.values(headers)[0] ?? 'no header'} is ${id ?? 'nobody we know'}`, (t) => {
    t.is(quirkOfHeaders(headers)?.id, id)
  })
}

test('a renderer is known by what its description says', (t) => {
  t.is(quirkOfDevice('Samsung Electronics UE55 [TV] Living room')?.id, 'samsung')
  t.is(quirkOfDevice('LG Electronics. LG TV webOS')?.id, 'lg')
  t.is(quirkOfDevice('XBMC Foundation Kodi')?.id, 'kodi')
  t.is(quirkOfDevice('gmrender-resurrect'), undefined)
})

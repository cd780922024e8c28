import test from 'ava'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { playlist, plainField } from '../../plugin/iptv/m3u.ts'
import { xmltv, xmltvTime, xmlText } from '../../plugin/iptv/xmltv.ts'
import { fakeHost, ONE, TWO } from './fake-host.ts'

const BASE = 'http://192.168.1.10:8080'

test('the playlist is what Kodi, VLC, mpv and Jellyfin read, whatever a channel is called', (t) => {
  t.is(
    playlist(fakeHost().channels(), { base: BASE, guidePath: '/iptv/guide.xml', group: 'network' }),
    `#EXTM3U url-tvg="${BASE}/iptv/guide.xml" x-tvg-url="${BASE}/iptv/guide.xml"
#EXTINF:-1 tvg-id="${ONE}" tvg-chno="1" tvg-name="One" group-title="Home 'TV'",One
#KODIPROP:mimetype=video/mp2t
${BASE}/live/${ONE}.ts
#EXTINF:-1 tvg-id="${TWO}" tvg-chno="2" tvg-name="News 'Sport' #EXTINF:-1 Fake http://evil/ more" group-title="Home 'TV'",News 'Sport' #EXTINF:-1 Fake http://evil/ more
#KODIPROP:mimetype=video/mp2t
${BASE}/live/${TWO}.ts
`,
  )
})

test('groups can be left out', (t) => {
  t.notRegex(playlist(fakeHost().channels(), { base: BASE, guidePath: '/iptv/guide.xml', group: 'none' }), /group-title/)
})

test('a name never leaves its field', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (name) => !/[",;\p{Cc}\u2028\u2029]/u.test(plainField(name)) && plainField(name).isWellFormed(),
    ),
  )
  t.pass()
})

const guideOf = (host: ReturnType<typeof fakeHost>): string =>
  [...xmltv(host.channels(), (channel) => host.programmes({ channel, from: 0, to: Number.MAX_SAFE_INTEGER }))].join('')

test('the guide is XMLTV: times with an offset, in order, escaped, without what XML forbids', (t) => {
  t.is(
    guideOf(fakeHost()),
    `<?xml version="1.0" encoding="UTF-8"?>
<tv generator-info-name="Tributary">
  <channel id="${TWO}">
    <display-name>News, &quot;Sport&quot;\r
#EXTINF:-1,Fake
http://evil/; more</display-name>
    <display-name>2</display-name>
  </channel>
  <channel id="${ONE}">
    <display-name>One</display-name>
    <display-name>1</display-name>
  </channel>
  <programme start="20260101200000 +0000" stop="20260101210000 +0000" channel="${ONE}">
    <title>Rock &amp; Roll &lt;live&gt; &quot;2026&quot;</title>
    <sub-title>Part one</sub-title>
    <desc>Ünïcode 📺 \uFFFD!
A second line</desc>
    <category>Music</category>
  </programme>
  <programme start="20260101210000 +0000" stop="20260101220000 +0000" channel="${ONE}">
    <title>Later</title>
  </programme>
</tv>
`,
  )
})

test('an XML parser reads back every text that XML can carry', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (title) => {
      let read = ''
      const parser = new SaxesParser()
      parser.on('text', (text) => (read += text))
      parser.on('error', (error) => {
        throw error
      })
      parser.write(`<a>${xmlText(title)}</a>`).close()
      // XML 1.0 §2.11: a parser turns every line end into one \n.
      return read.replaceAll('\n', '') === title.toWellFormed().replaceAll(/[^\t\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    }),
  )
  t.pass()
})

test('times are in UTC and say so', (t) => {
  t.is(xmltvTime(Date.UTC(2026, 2, 29, 1, 2, 3)), '20260329010203 +0000')
})

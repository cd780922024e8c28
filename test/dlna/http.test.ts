import { connect } from 'node:net'
import test from 'ava'
import fc from 'fast-check'
import { hostName } from '../../relay/dlna/callers.ts'
import { routeOf } from '../../relay/dlna/paths.ts'
import { answerSoap } from '../../relay/dlna/soap.ts'
import { connectionManager } from '../../relay/dlna/connection-manager.ts'
import { GENERIC } from '../../relay/dlna/quirks.ts'
import { RelayError } from '../../relay/errors.ts'
import { parseXml } from '../../relay/dlna/xml.ts'
import { ask, browse, callContent, CONTENT_DIRECTORY, plainMedia, serveDlna, soapBody, TEST_UDN, textOf } from '../harness/dlna.ts'

/** What comes back on a raw socket, until the server closes it or `enough` is in it. */
const raw = (port: number, text: string, enough?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let got = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (piece: Buffer) => {
      got += piece.toString('latin1')
      if (enough !== undefined && got.includes(enough)) socket.destroy()
    })
    socket.on('close', () => resolve(got)).on('error', reject)
  })

test('the description is well-formed and names everything by paths that answer', async (t) => {
  await using server = await serveDlna()
  const { status, headers, body } = await ask(server.port, '/dlna/device.xml')
  t.is(status, 200)
  t.is(headers['content-type'], 'text/xml; charset="utf-8"')
  t.is(Number(headers['content-length']), Buffer.byteLength(body))
  t.truthy(parseXml(body))
  t.is(textOf(body, 'UDN'), TEST_UDN)
  t.is(textOf(body, 'presentationURL'), `http://127.0.0.1:${server.port}/`)
  for (const [, path = ''] of body.matchAll(/<(?:SCPDURL|url)>(.*?)<\//g)) t.is((await ask(server.port, path)).status, 200, path)
  for (const [, path = ''] of body.matchAll(/<SCPDURL>(.*?)<\//g)) t.is(parseXml((await ask(server.port, path)).body)?.name, 'scpd')
})

test('every argument of an SCPD has its variable', async (t) => {
  await using server = await serveDlna()
  for (const name of ['content-directory', 'connection-manager', 'registrar']) {
    const { body } = await ask(server.port, `/dlna/${name}.xml`)
    const variables = new Set([...body.matchAll(/<stateVariable[^>]*><name>(.*?)<\/name>/g)].map(([, variable]) => variable))
    for (const [, variable] of body.matchAll(/<relatedStateVariable>(.*?)<\//g)) t.true(variables.has(variable), `${name} ${variable}`)
  }
})

test('a Browse over HTTP answers with escaped DIDL, EXT and a length in bytes', async (t) => {
  await using server = await serveDlna()
  const answer = await browse(server.port, 'recordings')
  t.is(answer.status, 200)
  t.is(answer.headers['ext'], '')
  t.is(answer.headers['content-type'], 'text/xml; charset="utf-8"')
  t.true(textOf(answer.body, 'Result').includes('Вчера 🎬'))
  t.true(textOf(answer.body, 'Result').includes(`http://127.0.0.1:${server.port}/dlna/recordings/rec-1.ts`))
  t.false(answer.body.includes('&#'))
})

test('faults are SOAP faults with status 500', async (t) => {
  await using server = await serveDlna()
  const fault = async (action: string, args = {}, headers = {}): Promise<string> => {
    const answer = await callContent(server.port, action, args, headers)
    t.is(answer.status, 500)
    return textOf(answer.body, 'errorCode')
  }
  t.is(await fault('Reboot'), '401')
  t.is(await fault('Browse', { ObjectID: '0' }), '402')
  t.is(await fault('GetSystemUpdateID', {}, { SOAPACTION: `"${CONTENT_DIRECTORY}#Browse"` }), '401')
  t.is(await fault('GetSystemUpdateID', {}, { SOAPACTION: '"urn:schemas-upnp-org:service:AVTransport:1#GetSystemUpdateID"' }), '401')
  const unquoted = await callContent(server.port, 'GetSystemUpdateID', {}, { SOAPACTION: `${CONTENT_DIRECTORY}#GetSystemUpdateID` })
  t.is(unquoted.status, 200)
})

test('a document type, an entity, or what is no XML is fault 402', async (t) => {
  await using server = await serveDlna()
  const good = soapBody(CONTENT_DIRECTORY, 'GetSystemUpdateID', {})
  const evil = good.replace('?>', '?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>')
  for (const body of [
    evil,
    '',
    'hello',
    good.slice(0, -5),
    good.replace('</s:Body>', '</s:Boddy>'),
    `${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}`,
  ]) {
    const answer = await ask(server.port, '/dlna/control/content-directory', {
      method: 'POST',
      headers: { SOAPACTION: `"${CONTENT_DIRECTORY}#GetSystemUpdateID"` },
      body,
    })
    t.is(textOf(answer.body, 'errorCode'), '402', body.slice(0, 60))
  }
})

test('whatever is in a body, an argument or a header, there is an answer', (t) => {
  const caller = { quirk: GENERIC, origin: 'http://10.0.0.1:8080' }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), fc.string(), (text, header) => {
      const action = `${connectionManager.type}#GetCurrentConnectionInfo`
      const bodies = [text, soapBody(connectionManager.type, 'GetCurrentConnectionInfo', { ConnectionID: text })]
      for (const body of bodies)
        for (const name of [action, header]) t.true(answerSoap(body, name, connectionManager, caller).body.startsWith('<?xml'))
    }),
    { numRuns: 500 },
  )
})

test('a body of two gigabytes is refused before it is sent', async (t) => {
  await using server = await serveDlna()
  const answer = await raw(
    server.port,
    'POST /dlna/control/content-directory HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000000\r\n\r\n',
  )
  t.regex(answer, /^HTTP\/1\.1 413 /)
  t.regex(answer, /Connection: close/i)
})

test('a chunked body is cut off at its 64 KiB, and a compressed one refused', async (t) => {
  await using server = await serveDlna()
  const head = 'POST /dlna/control/content-directory HTTP/1.1\r\nHost: 127.0.0.1\r\n'
  const chunk = `8000\r\n${'a'.repeat(0x8000)}\r\n`
  t.regex(await raw(server.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`), /^HTTP\/1\.1 413 /)
  t.regex(await raw(server.port, `${head}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc`), /^HTTP\/1\.1 415 /)
})

test('a Host that is not ours is refused everywhere, an address, localhost and no Host at all are not', async (t) => {
  await using server = await serveDlna({ hostNames: ['TV.home'] })
  for (const path of ['/dlna/device.xml', '/dlna/content-directory.xml', '/dlna/live/news-one.ts', '/dlna/icon-48.png', '/dlna/nothing']) {
    t.is((await ask(server.port, path, { headers: { Host: 'evil.example' } })).status, 403, path)
  }
  t.is((await browse(server.port, '0', {}, { Host: 'evil.example:8080' })).status, 403)
  t.is((await ask(server.port, '/dlna/events/content-directory', { method: 'SUBSCRIBE', headers: { Host: 'evil.example' } })).status, 403)
  for (const Host of ['127.0.0.1', `127.0.0.1:${server.port}`, 'localhost:1', 'LOCALHOST', 'tv.home']) {
    t.is((await ask(server.port, '/dlna/device.xml', { headers: { Host } })).status, 200, Host)
  }
  for (const Host of ['127.0.0.1.evil.example', '8.8.8.8', '127.0.0.1@evil', 'a b']) {
    t.is((await ask(server.port, '/dlna/device.xml', { headers: { Host } })).status, 403, Host)
  }
  t.regex(await raw(server.port, 'GET /dlna/device.xml HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 200 /)
})

test('a Host is read as names, IPv4 and IPv6, and never throws', (t) => {
  t.is(hostName('Relay.local:8080'), 'relay.local')
  t.is(hostName('[fe80::1]:80'), 'fe80::1')
  t.is(hostName('10.0.0.1.'), '10.0.0.1')
  t.is(hostName('a/b'), undefined)
  fc.assert(fc.property(fc.string(), (text) => t.notThrows(() => hostName(text))))
})

test('HEAD on a live channel starts nothing and says all', async (t) => {
  await using server = await serveDlna({ media: { ...plainMedia, live: () => Promise.reject(new Error('HEAD has tuned')) } })
  const answer = await ask(server.port, '/dlna/live/news-one.ts', { method: 'HEAD', headers: { 'getcontentFeatures.dlna.org': '1' } })
  t.is(answer.status, 200)
  t.is(answer.headers['content-type'], 'video/mpeg')
  t.is(answer.headers['content-length'], undefined)
  t.true(String(answer.headers['contentfeatures.dlna.org']).startsWith('DLNA.ORG_OP=00'))
  t.is((await ask(server.port, '/dlna/live/film-two.ts', { method: 'HEAD' })).status, 503)
  t.is((await ask(server.port, '/dlna/live/none.ts', { method: 'HEAD' })).status, 404)
  t.is((await ask(server.port, '/dlna/live/news-one.8k.ts', { method: 'HEAD' })).status, 404)
})

test('HTTP/1.0 gets no chunks even when it says TE: chunked, and the connection closes', async (t) => {
  await using server = await serveDlna()
  const answer = await raw(server.port, 'GET /dlna/live/news-one.ts HTTP/1.0\r\nTE: chunked\r\n\r\n')
  t.regex(answer, /^HTTP\/1\.1 200 OK\r\n/)
  t.notRegex(answer, /transfer-encoding/i)
  t.regex(answer, /\r\nConnection: close\r\n/i)
  t.is(answer.length - answer.indexOf('\r\n\r\n') - 4, 188)
})

test('HTTP/1.1 gets chunks, a Samsung the end of the connection', async (t) => {
  await using server = await serveDlna()
  const get = (more: string): Promise<string> =>
    raw(server.port, `GET /dlna/live/news-one.ts HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${more}\r\n`)
  t.regex(await get(''), /\r\nTransfer-Encoding: chunked\r\n/)
  const samsung = await get('User-Agent: DLNADOC/1.50 SEC_HHP_[TV] Samsung\r\n')
  t.notRegex(samsung, /Transfer-Encoding/)
  t.regex(samsung, /\r\nContent-Type: video\/vnd\.dlna\.mpeg-tts\r\n/)
})

test('an error behind a media URL is a 500 without a word about the inside', async (t) => {
  await using server = await serveDlna({ media: { ...plainMedia, live: () => Promise.reject(new Error('/secret/path')) } })
  const answer = await ask(server.port, '/dlna/live/news-one.ts')
  t.is(answer.status, 500)
  t.is(answer.body, '')
})

test('a channel that cannot be tuned in time is a 503 and not an error of ours, without headers of media', async (t) => {
  await using server = await serveDlna({
    media: {
      ...plainMedia,
      async live(_target, _request, response, headers) {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
        throw new RelayError('tune-timeout', 'nobody answers')
      },
    },
  })
  const answer = await ask(server.port, '/dlna/live/news-one.ts')
  t.is(answer.status, 503)
  t.is(answer.headers['content-type'], undefined)
  t.is(answer.headers['contentfeatures.dlna.org'], undefined)
})

test('paths that climb, and methods that do not belong, find nothing', async (t) => {
  await using server = await serveDlna()
  for (const path of [
    '/dlna/../package.json',
    '/dlna/..%2f..%2fetc/passwd',
    '/dlna/assets/icon-48.png',
    '/dlna/%zz',
    '/dlna/recordings/..%2f1.ts',
    '/dlna/live/',
    '/dlna',
  ]) {
    t.is((await ask(server.port, path)).status, 404, path)
  }
  t.is((await ask(server.port, '/dlna/device.xml', { method: 'POST' })).status, 405)
  t.is((await ask(server.port, '/dlna/control/content-directory')).status, 405)
  t.is(routeOf('/api/v1/status'), undefined)
  t.is(routeOf('/dlnax'), undefined)
})

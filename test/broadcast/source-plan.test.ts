import test from 'ava'
import { DEFAULT_CARD, describeInput, planSource } from '../../relay/broadcast/source-plan.ts'

test('each kind of input is read in its own way', (t) => {
  t.deepEqual(planSource('-'), { kind: 'stdin' })
  t.deepEqual(planSource('film.mp4'), { kind: 'file', path: 'film.mp4' })
  t.deepEqual(planSource('a:b.ts'), { kind: 'file', path: 'a:b.ts' })
  t.deepEqual(planSource('file:///tmp/a%20b.ts'), { kind: 'file', path: '/tmp/a b.ts' })
  t.deepEqual(planSource('udp://@239.0.0.1:1234'), {
    kind: 'bytes-url',
    url: 'udp://@239.0.0.1:1234?overrun_nonfatal=1',
    opensAgain: false,
  })
  t.deepEqual(planSource('udp://:1234?fifo_size=9'), {
    kind: 'bytes-url',
    url: 'udp://:1234?fifo_size=9&overrun_nonfatal=1',
    opensAgain: false,
  })
  for (const url of ['srt://host:9000?mode=listener', 'tcp://host:1?listen=1']) {
    t.deepEqual(planSource(url), { kind: 'bytes-url', url, opensAgain: false })
  }
  for (const url of ['http://host/a.ts', 'https://host/a.m3u8', 'foo://host'])
    t.deepEqual(planSource(url), { kind: 'bytes-url', url, opensAgain: true })
  for (const url of ['rtmp://host/app/name', 'rtsp://host/name', 'rtp://239.0.0.1:5004'])
    t.deepEqual(planSource(url), { kind: 'media-url', url })
})

test('a test card has options', (t) => {
  t.deepEqual(planSource('test:'), { kind: 'test-card', card: DEFAULT_CARD })
  t.deepEqual(planSource('test:?size=640x360&fps=50&rate=1.5M&tone=1k&name=One&picture=gradient'), {
    kind: 'test-card',
    card: { width: 640, height: 360, fps: 50, rate: 1_500_000, tone: 1000, name: 'One', picture: 'gradient' },
  })
})

test('a wrong option of the test card is named, with what would be right', (t) => {
  const wrong = {
    'test:?rate=fast': /rate=fast.*test:\?rate=2000000/,
    'test:?size=5x5': /size=5x5.*1280x720/,
    'test:?size=641x360': /size=641x360/,
    'test:?colour=red': /colour.*size, fps, rate, tone, name/,
    'test:?fps=1000': /fps=1000.*60/,
    'test:?picture=film': /picture=film.*test or gradient/,
  }
  for (const [input, message] of Object.entries(wrong)) t.throws(() => planSource(input), { code: 'usage', message })
})

test('an input is named without its secrets', (t) => {
  t.is(describeInput('-'), 'standard input')
  t.is(describeInput('srt://host:9000?passphrase=hush'), 'srt://host:9000?...')
  t.is(describeInput('http://me:hush@host/a.ts'), 'http://host/a.ts')
  t.is(describeInput('rtmp://host/live/hush'), 'rtmp://host/live/...')
  t.is(describeInput('/films/what?.ts'), '/films/what?.ts')
})

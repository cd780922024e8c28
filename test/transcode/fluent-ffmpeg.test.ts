import { setImmediate as turn } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import test from 'ava'
import { systemClock } from '../../relay/clock.ts'
import { RelayError } from '../../relay/errors.ts'
import type { FfmpegJob, FfmpegProcess } from '../../relay/transcode/ffmpeg.ts'
import { KILL_AFTER_MS, startFfmpeg } from '../../relay/transcode/fluent-ffmpeg.ts'
import { fakeClock } from '../harness/clock.ts'
import { fakeFfmpeg } from '../harness/fake-ffmpeg.ts'

const never = new AbortController().signal
const COPY: FfmpegJob = { inputs: [{ source: 'in.ts', options: ['-f', 'mpegts'] }], options: ['-c', 'copy'], format: 'mpegts' }

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const firstBytes = async (ffmpeg: FfmpegProcess): Promise<string> => {
  for await (const bytes of ffmpeg.output.iterator({ destroyOnReturn: false })) return String(bytes)
  return ''
}

test('only the real command is spawned: ffmpeg is not asked what it can do', async (t) => {
  await using fake = await fakeFfmpeg('printf picture')
  await using ffmpeg = await startFfmpeg(fake.path)(COPY, never)
  t.is(String(await buffer(ffmpeg.output)), 'picture')
  await ffmpeg.ended
  const calls = await fake.calls()
  t.deepEqual(calls, [
    ['-hide_banner', '-nostdin', '-loglevel', 'level+warning', '-f', 'mpegts', '-i', 'in.ts', '-c', 'copy', '-f', 'mpegts', 'pipe:1'],
  ])
})

test('two paths of ffmpeg stay two', async (t) => {
  await using one = await fakeFfmpeg('printf one')
  await using other = await fakeFfmpeg('printf other')
  await using first = await startFfmpeg(one.path)(COPY, never)
  await using second = await startFfmpeg(other.path)(COPY, never)
  t.is(String(await buffer(first.output)), 'one')
  t.is(String(await buffer(second.output)), 'other')
})

test('an option that holds a space stays one argument', async (t) => {
  await using fake = await fakeFfmpeg('')
  const job: FfmpegJob = { inputs: [{ source: 'a b.ts', options: [] }], options: ['-metadata', 'title=Nine OClock'], format: 'mpegts' }
  await using ffmpeg = await startFfmpeg(fake.path)(job, never)
  await ffmpeg.ended
  const [call] = await fake.calls()
  t.deepEqual(call?.slice(4), ['-i', 'a b.ts', '-metadata', 'title=Nine OClock', '-f', 'mpegts', 'pipe:1'])
})

test('a missing ffmpeg is an error that names the fix, not a crash', async (t) => {
  const error = await t.throwsAsync(startFfmpeg('/nowhere/ffmpeg')(COPY, never), { instanceOf: RelayError, code: 'ffmpeg-missing' })
  t.regex(error?.message ?? '', /\/nowhere\/ffmpeg.*apt install ffmpeg/)
})

test('a file that is no program is an error too', async (t) => {
  await t.throwsAsync(startFfmpeg(import.meta.filename)(COPY, never), { code: 'ffmpeg-missing' })
})

test('two streams as inputs are refused before anything is started', async (t) => {
  await using fake = await fakeFfmpeg('')
  const stream = (): FfmpegJob['inputs'][number] => ({ source: Readable.from([]), options: [] })
  await t.throwsAsync(startFfmpeg(fake.path)({ ...COPY, inputs: [stream(), stream()] }, never), { code: 'ffmpeg-failed' })
  t.deepEqual(await fake.calls(), [])
})

test('a stream reaches standard input, and its end ends ffmpeg', async (t) => {
  await using fake = await fakeFfmpeg('exec cat')
  const source = Readable.from([Buffer.from('tele'), Buffer.from('vision')])
  await using ffmpeg = await startFfmpeg(fake.path)({ ...COPY, inputs: [{ source, options: [] }] }, never)
  t.is(String(await buffer(ffmpeg.output)), 'television')
  const { code } = await ffmpeg.ended
  t.is(code, 0)
})

test('the exit code is reported and not a verdict', async (t) => {
  await using fake = await fakeFfmpeg('printf picture; echo "[error] no such device" >&2; exit 69')
  await using ffmpeg = await startFfmpeg(fake.path)(COPY, never)
  t.is(String(await buffer(ffmpeg.output)), 'picture')
  t.deepEqual(await ffmpeg.ended, { code: 69, signal: null, stderr: '[error] no such device\n' })
})

test('a killed ffmpeg ends its output like any other', async (t) => {
  await using fake = await fakeFfmpeg('printf picture; exec sleep 60')
  await using ffmpeg = await startFfmpeg(fake.path)(COPY, never)
  t.is(await firstBytes(ffmpeg), 'picture')
  process.kill(ffmpeg.pid, 'SIGKILL')
  t.is(String(await buffer(ffmpeg.output)), '')
  const { signal } = await ffmpeg.ended
  t.is(signal, 'SIGKILL')
})

test('a reader that leaves ends ffmpeg, and that is no error', async (t) => {
  await using fake = await fakeFfmpeg('while :; do printf picture; done')
  await using ffmpeg = await startFfmpeg(fake.path)(COPY, never)
  t.not(await firstBytes(ffmpeg), '')
  ffmpeg.output.destroy()
  const { signal } = await ffmpeg.ended
  t.is(signal, 'SIGTERM')
  t.false(isAlive(ffmpeg.pid))
})

test('an ffmpeg that ignores SIGTERM is killed two seconds later', async (t) => {
  const clock = fakeClock()
  await using fake = await fakeFfmpeg("trap '' TERM; printf ready; exec sleep 60")
  const ffmpeg = await startFfmpeg(fake.path, clock)(COPY, never)
  await firstBytes(ffmpeg)
  const gone = ffmpeg[Symbol.asyncDispose]()
  await clock.advance(KILL_AFTER_MS - 1)
  t.true(isAlive(ffmpeg.pid))
  await clock.advance(1)
  await gone
  const { signal } = await ffmpeg.ended
  t.is(signal, 'SIGKILL')
  t.false(isAlive(ffmpeg.pid))
})

test('an ffmpeg that closes its output and does not go is killed', async (t) => {
  const clock = fakeClock()
  await using fake = await fakeFfmpeg("trap '' TERM; exec sleep 60 >&-")
  const ffmpeg = await startFfmpeg(fake.path, clock)(COPY, never)
  await buffer(ffmpeg.output)
  await turn() // the stream closes after it has ended
  await clock.advance(KILL_AFTER_MS)
  const { signal } = await ffmpeg.ended
  t.is(signal, 'SIGKILL')
})

test('stopping does not wait for a reader that reads nothing', async (t) => {
  await using fake = await fakeFfmpeg('exec cat /dev/zero')
  const ffmpeg = await startFfmpeg(fake.path)(COPY, never)
  await ffmpeg[Symbol.asyncDispose]()
  t.false(isAlive(ffmpeg.pid))
})

test('an aborted signal stops a running ffmpeg and leaves no listener', async (t) => {
  await using fake = await fakeFfmpeg('exec sleep 60')
  const controller = new AbortController()
  const ffmpeg = await startFfmpeg(fake.path)(COPY, controller.signal)
  controller.abort()
  const { signal } = await ffmpeg.ended
  t.is(signal, 'SIGTERM')
})

test('a signal that is aborted beforehand starts nothing', async (t) => {
  await using fake = await fakeFfmpeg('')
  await t.throwsAsync(startFfmpeg(fake.path)(COPY, AbortSignal.abort()), { name: 'AbortError' })
  t.deepEqual(await fake.calls(), [])
})

test('an input stream that fails ends ffmpeg, and an input stream is destroyed when ffmpeg ends', async (t) => {
  await using fake = await fakeFfmpeg('exec sleep 60')
  const failing = new Readable({ read() {} })
  await using ffmpeg = await startFfmpeg(fake.path)({ ...COPY, inputs: [{ source: failing, options: [] }] }, never)
  failing.destroy(new Error('the swarm is gone'))
  const { signal } = await ffmpeg.ended
  t.is(signal, 'SIGTERM')

  await using quick = await fakeFfmpeg('exit 0')
  const endless = new Readable({ read() {} })
  await using other = await startFfmpeg(quick.path)({ ...COPY, inputs: [{ source: endless, options: [] }] }, never)
  other.output.resume()
  await other.ended
  t.true(endless.destroyed)
})

test('the last 25 KiB of a long stderr are kept, in whole lines', async (t) => {
  await using fake = await fakeFfmpeg(
    'i=0; while [ $i -lt 3000 ]; do echo "[warning] line $i of a very chatty source" >&2; i=$((i+1)); done',
  )
  await using ffmpeg = await startFfmpeg(fake.path)(COPY, never)
  ffmpeg.output.resume()
  const { stderr } = await ffmpeg.ended
  t.true(stderr.length <= 25 * 1024)
  t.true(stderr.length > 24 * 1024)
  t.regex(stderr, /^\[warning\] line \d+ of/)
  t.true(stderr.endsWith('line 2999 of a very chatty source\n'))
})

test('secrets of a source are in neither the command nor stderr', async (t) => {
  const source = 'http://max:moritz@example.test/live?token=s3cr3t'
  await using fake = await fakeFfmpeg(`echo "[error] ${source}: Server returned 403" >&2; exit 1`)
  await using ffmpeg = await startFfmpeg(fake.path, systemClock)({ ...COPY, inputs: [{ source, options: [] }] }, never)
  ffmpeg.output.resume()
  const { stderr } = await ffmpeg.ended
  t.is(stderr, '[error] http://***@example.test/live?token=***: Server returned 403\n')
  t.notRegex(ffmpeg.command, /moritz|s3cr3t/)
})

import { dirname } from 'node:path'
import test from 'ava'
import { ffmpegStaticPath } from '../../relay/transcode/ffmpeg-static.ts'
import { ffmpegMissing, findFfmpeg } from '../../relay/transcode/find-ffmpeg.ts'
import { runShort } from '../../relay/transcode/run-ffmpeg.ts'
import { tryEncoder } from '../../relay/transcode/try-encoder.ts'
import { fakeFfmpeg } from '../harness/fake-ffmpeg.ts'

const never = new AbortController().signal
const COREUTILS = '/usr/bin:/bin'

test('the ffmpeg that a setting names comes before that of the system', async (t) => {
  await using named = await fakeFfmpeg('')
  await using other = await fakeFfmpeg('')
  const PATH = dirname(other.path)
  t.deepEqual(await findFfmpeg({ TRIBUTARY_FFMPEG: named.path, FFMPEG_BIN: other.path, PATH }, never), {
    path: named.path,
    version: '5.1-fake',
  })
  t.is((await findFfmpeg({ FFMPEG_BIN: named.path, PATH }, never))?.path, named.path)
  t.is((await findFfmpeg({ PATH }, never))?.path, other.path)
})

test('a named ffmpeg that does not run is an error that says so', async (t) => {
  const error = await t.throwsAsync(findFfmpeg({ TRIBUTARY_FFMPEG: '/nowhere/ffmpeg', PATH: COREUTILS }, never), { code: 'ffmpeg-missing' })
  t.regex(error?.message ?? '', /^TRIBUTARY_FFMPEG names \/nowhere\/ffmpeg, which does not run as ffmpeg \(ENOENT\); install ffmpeg/)
  await t.throwsAsync(findFfmpeg({ FFMPEG_BIN: '/bin/true' }, never), { message: /names no version/ })
})

test('of the folders in PATH the first with an ffmpeg that runs counts; without any it is ffmpeg-static, or none', async (t) => {
  await using fake = await fakeFfmpeg('')
  t.is((await findFfmpeg({ PATH: `/nowhere::/proc/self/cwd/relay:${dirname(fake.path)}` }, never))?.path, fake.path)
  const found = await findFfmpeg({ PATH: '/nowhere' }, never)
  t.is(found?.path, await ffmpegStaticPath())
})

test('the system has an ffmpeg, and it says its version', async (t) => {
  const found = await findFfmpeg({ PATH: process.env['PATH'] }, never)
  t.regex(found?.version ?? '', /^\d+\.|^N-/)
})

test('a missing ffmpeg names the fix', (t) => {
  t.regex(
    ffmpegMissing('no ffmpeg was found').message,
    /^no ffmpeg was found; install ffmpeg .*apt install ffmpeg.* or name one in TRIBUTARY_FFMPEG$/,
  )
})

test('a tool that does not end is killed at its deadline', async (t) => {
  await using hanging = await fakeFfmpeg("trap '' TERM; exec sleep 60")
  t.deepEqual(await runShort(hanging.path, ['-anything'], 200, never), { kind: 'late' })
})

test('a caller that leaves ends the tool', async (t) => {
  await using hanging = await fakeFfmpeg('exec sleep 60')
  await t.throwsAsync(runShort(hanging.path, ['-anything'], 60_000, AbortSignal.timeout(200)), { name: 'TimeoutError' })
})

test('an encoder is believed when it has encoded', async (t) => {
  const software = await tryEncoder('ffmpeg', 'libx264', never)
  t.true(software.ok)
  const absent = await tryEncoder('ffmpeg', 'h264_betamax', never)
  t.false(absent.ok)
  t.regex(absent.ok ? '' : absent.reason, /h264_betamax/)
})

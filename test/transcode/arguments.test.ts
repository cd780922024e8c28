import test from 'ava'
import { PATIENT_PROBE, QUICK_PROBE, renditionArguments } from '../../relay/transcode/arguments.ts'
import { ORIGINAL, profileById, PROFILES, type TranscodeProfile } from '../../relay/transcode/profile.ts'

const h264 = profileById('h264') as TranscodeProfile

test('what ffmpeg is told for the profile h264', (t) => {
  const { input, output } = renditionArguments(h264, { probe: QUICK_PROBE, offsetSeconds: 0 })
  t.is(input.join(' '), '-f mpegts -probesize 500000 -analyzeduration 500000 -fflags +genpts')
  t.deepEqual(
    output,
    [
      ['-map', '0:v:0?', '-map', '0:a:0?', '-sn', '-dn'],
      '-vf',
      "yadif=mode=send_frame:deint=interlaced,scale=w='min(1920,iw)':h='min(1080,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,format=yuv420p",
      ['-c:v', 'libx264', '-profile:v', 'high', '-preset', 'superfast', '-tune', 'zerolatency'],
      ['-crf', '22', '-maxrate', '8000000', '-bufsize', '8000000'],
      ['-force_key_frames', 'expr:gte(t,n_forced*1)', '-forced-idr', '1', '-sc_threshold', '0'],
      ['-c:a', 'aac', '-ac', '2', '-ar', '48000', '-b:a', '160000', '-af', 'aresample=async=1000'],
      ['-max_muxing_queue_size', '1024', '-muxdelay', '0', '-muxpreload', '0', '-flush_packets', '1'],
      ['-pat_period', '0.1', '-mpegts_flags', '+resend_headers+initial_discontinuity'],
    ].flat(),
  )
})

test('a second ffmpeg is told where the time stamps go on, and may look longer', (t) => {
  const { input, output } = renditionArguments(h264, { probe: PATIENT_PROBE, offsetSeconds: 61.25 })
  t.true(input.join(' ').includes('-probesize 5000000 -analyzeduration 3000000'))
  t.true(output.join(' ').includes('-output_ts_offset 61.250'))
})

test('the packets that were probed are not thrown away', (t) => {
  const { input } = renditionArguments(h264, { probe: QUICK_PROBE, offsetSeconds: 0 })
  t.false(input.join(' ').includes('nobuffer'))
})

test('profiles have different ids, and the first is the original', (t) => {
  t.is(PROFILES[0], ORIGINAL)
  t.is(new Set(PROFILES.map((profile) => profile.id)).size, PROFILES.length)
  t.is(profileById('vhs'), undefined)
})

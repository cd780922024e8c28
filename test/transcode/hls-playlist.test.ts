import test from 'ava'
import { hlsPlaylist, parseSegmentName, segmentName } from '../../relay/transcode/hls-playlist.ts'
import { START_MS } from './ts-chunks.ts'

test('a live playlist lists its segments with their lengths and times', (t) => {
  const segments = [
    { sequence: 40, seconds: 2, time: START_MS, discontinuity: false },
    { sequence: 41, seconds: 1.92, time: START_MS + 2000, discontinuity: false },
  ]
  t.is(
    hlsPlaylist({ segments, targetSeconds: 2, discontinuitySequence: 0, ended: false, query: '' }),
    [
      '#EXTM3U',
      '#EXT-X-VERSION:6',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:40',
      '#EXT-X-DISCONTINUITY-SEQUENCE:0',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T20:00:00.000Z',
      '#EXTINF:2.000,',
      '40.ts',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T20:00:02.000Z',
      '#EXTINF:1.920,',
      '41.ts',
      '',
    ].join('\n'),
  )
})

test('an ended playlist says so, a discontinuity stands before its segment, and a query goes along', (t) => {
  const segments = [
    { sequence: 7, seconds: 3.5, time: START_MS, discontinuity: false },
    { sequence: 8, seconds: 2, time: START_MS + 60_000, discontinuity: true },
  ]
  t.is(
    hlsPlaylist({ segments, targetSeconds: 4, discontinuitySequence: 3, ended: true, query: '?profile=h264' }),
    [
      '#EXTM3U',
      '#EXT-X-VERSION:6',
      '#EXT-X-TARGETDURATION:4',
      '#EXT-X-MEDIA-SEQUENCE:7',
      '#EXT-X-DISCONTINUITY-SEQUENCE:3',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T20:00:00.000Z',
      '#EXTINF:3.500,',
      '7.ts?profile=h264',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-PROGRAM-DATE-TIME:2026-01-01T20:01:00.000Z',
      '#EXTINF:2.000,',
      '8.ts?profile=h264',
      '#EXT-X-ENDLIST',
      '',
    ].join('\n'),
  )
})

test('a segment has the number in its name, and other names have none', (t) => {
  t.is(parseSegmentName(segmentName(12_345)), 12_345)
  for (const name of ['', '.ts', '-1.ts', '1.5.ts', '1.m4s', '../1.ts', '1e9.ts', '9999999999999999.ts'])
    t.is(parseSegmentName(name), undefined)
})

import test from 'ava'
import { readFile } from 'node:fs/promises'
import { createProgrammeReader, pmtOf } from '../../relay/media/programme.ts'
import type { Pmt } from '../../relay/media/psi.ts'
import { accessTrack, tracksOf } from '../../relay/media/tracks.ts'
import { PACKET_BYTES } from '../../relay/media/ts-packet.ts'
import { capture } from '../harness/media.ts'
import { tablesOf } from '../harness/ts.ts'

const descriptor = (tag: number, ...body: readonly number[]): number[] => [tag, body.length, ...body]
const letters = (text: string): number[] => [...new TextEncoder().encode(text)]
const pmtWith = (...streams: readonly (readonly [number, number[]])[]): Pmt => ({
  program: 1,
  version: 0,
  current: true,
  pcrPid: 256,
  descriptors: new Uint8Array(0),
  streams: streams.map(([type, descriptors], at) => ({ type, pid: 256 + at, descriptors: Uint8Array.from(descriptors) })),
})

test('tracks have ffmpeg names, kinds and languages', (t) => {
  const pmt = pmtWith(
    [0x1b, []],
    [0x0f, descriptor(0x0a, ...letters('deu'), 0)],
    [0x06, [...descriptor(0x52, 1), ...descriptor(0x0a, ...letters('fra'), 0), ...descriptor(0x7a, 0)]],
    [0x06, descriptor(0x56, ...letters('ita'), 0x09, 0)],
    [0x06, descriptor(0x59, ...letters('eng'), 0x10, 0, 1, 0, 1)],
    [0x06, descriptor(0x05, ...letters('Opus'))],
    [0x06, []],
    [0x9e, []],
  )
  t.deepEqual(tracksOf(pmt), [
    { kind: 'video', codec: 'h264', pid: 256 },
    { kind: 'audio', codec: 'aac', pid: 257, language: 'deu' },
    { kind: 'audio', codec: 'eac3', pid: 258, language: 'fra' },
    { kind: 'teletext', codec: 'dvb_teletext', pid: 259, language: 'ita' },
    { kind: 'subtitle', codec: 'dvb_subtitle', pid: 260, language: 'eng' },
    { kind: 'audio', codec: 'opus', pid: 261 },
    { kind: 'data', codec: 'private', pid: 262 },
    { kind: 'data', codec: 'type-0x9e', pid: 263 },
  ])
})

test('descriptors that are cut short are left out', (t) => {
  t.deepEqual(
    tracksOf(pmtWith([0x06, [0x0a, 200, 1]], [0x0f, [0x0a]])).map(({ codec }) => codec),
    ['private', 'aac'],
  )
})

test('a viewer starts with the video, and without one with the sound', (t) => {
  t.deepEqual(accessTrack(pmtWith([0x03, []], [0x24, []])), { pid: 257, rule: 'hevc' })
  t.deepEqual(accessTrack(pmtWith([0x05, []], [0x03, []])), { pid: 257, rule: 'audio' })
  t.deepEqual(accessTrack(pmtWith([0xea, []])), { pid: 256, rule: 'indicator' })
  t.is(accessTrack(pmtWith([0x05, []])), undefined)
})

test('the tables at the start of a chunk are read, and only there', (t) => {
  const tables = tablesOf({ programs: [{ program: 3, pmtPid: 100, pcrPid: 256, streams: [{ type: 2, pid: 256 }] }] })
  t.is(pmtOf(tables)?.program, 3)
  t.is(pmtOf(tables.subarray(0, PACKET_BYTES)), undefined)
  t.is(pmtOf(tables.subarray(PACKET_BYTES)), undefined)
  t.is(pmtOf(new Uint8Array(0)), undefined)
})

test('a new version of the tables takes the place of the old, and the same again does not', (t) => {
  const programs = [{ program: 3, pmtPid: 100, pcrPid: 256, streams: [{ type: 2, pid: 256 }] }]
  const reader = createProgrammeReader()
  const push = (packets: Uint8Array, counter: number): boolean => {
    let changed = false
    for (let at = 0; at < packets.length; at += PACKET_BYTES) {
      packets[at + 3] = 0x10 | counter
      changed = reader.push(packets, at) || changed
    }
    return changed
  }
  t.true(push(tablesOf({ programs }), 0))
  t.false(push(tablesOf({ programs }), 1))
  t.true(push(tablesOf({ programs, version: 1 }), 2))
  t.is(reader.tables?.pmt.version, 1)
})

test('the tracks of a capture from the air', async (t) => {
  const path = capture('dvb-hd-1080i-h264-eac3')
  if (path === undefined) {
    t.pass('the captures are not here')
    return
  }
  const bytes = await readFile(path)
  const reader = createProgrammeReader()
  for (let at = 0; reader.tables === undefined; at += PACKET_BYTES) reader.push(bytes, at)
  t.deepEqual(
    tracksOf(reader.tables.pmt).map(({ codec, language }) => (language === undefined ? codec : `${codec} ${language}`)),
    [
      'h264',
      'eac3 fra',
      'eac3 qad',
      'eac3 qaa',
      'eac3 deu',
      'dvb_subtitle fra',
      'dvb_subtitle fra',
      'dvb_subtitle deu',
      'sections',
      'dsmcc',
    ],
  )
})

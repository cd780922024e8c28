/** What a programme consists of, by its map table: one track a stream, with codec names as ffmpeg has them. */
import type { AccessRule } from './random-access.ts'
import type { Pmt, PmtStream } from './psi.ts'

export type TrackKind = 'video' | 'audio' | 'subtitle' | 'teletext' | 'data'

export interface Track {
  readonly kind: TrackKind
  /** ffmpeg's name; of what nobody knows `type-0x..`. */
  readonly codec: string
  /** ISO 639-2, three letters. */
  readonly language?: string
  readonly pid: number
}

interface Coding {
  readonly kind: TrackKind
  readonly codec: string
}

/** stream_type: ISO/IEC 13818-1, table 2-34, and what ATSC added. */
const BY_TYPE: Readonly<Record<number, Coding>> = {
  0x01: { kind: 'video', codec: 'mpeg1video' },
  0x02: { kind: 'video', codec: 'mpeg2video' },
  0x03: { kind: 'audio', codec: 'mp2' },
  0x04: { kind: 'audio', codec: 'mp2' },
  0x05: { kind: 'data', codec: 'sections' },
  0x0b: { kind: 'data', codec: 'dsmcc' },
  0x0c: { kind: 'data', codec: 'dsmcc' },
  0x0d: { kind: 'data', codec: 'dsmcc' },
  0x0f: { kind: 'audio', codec: 'aac' },
  0x10: { kind: 'video', codec: 'mpeg4' },
  0x11: { kind: 'audio', codec: 'aac_latm' },
  0x15: { kind: 'data', codec: 'timed_id3' },
  0x1b: { kind: 'video', codec: 'h264' },
  0x1c: { kind: 'audio', codec: 'aac' },
  0x24: { kind: 'video', codec: 'hevc' },
  0x33: { kind: 'video', codec: 'vvc' },
  0x81: { kind: 'audio', codec: 'ac3' },
  0x82: { kind: 'audio', codec: 'dts' },
  0x86: { kind: 'data', codec: 'scte_35' },
  0x87: { kind: 'audio', codec: 'eac3' },
  0xea: { kind: 'video', codec: 'vc1' },
}

/** Private streams by descriptor tag: ETSI EN 300 468, table 12. */
const BY_DESCRIPTOR: Readonly<Record<number, Coding>> = {
  0x56: { kind: 'teletext', codec: 'dvb_teletext' },
  0x59: { kind: 'subtitle', codec: 'dvb_subtitle' },
  0x6a: { kind: 'audio', codec: 'ac3' },
  0x7a: { kind: 'audio', codec: 'eac3' },
  0x7b: { kind: 'audio', codec: 'dts' },
  0x7c: { kind: 'audio', codec: 'aac' },
}

/** Private streams by registration descriptor (SMPTE RA). */
const BY_REGISTRATION: Readonly<Record<string, Coding>> = {
  'AC-3': { kind: 'audio', codec: 'ac3' },
  EAC3: { kind: 'audio', codec: 'eac3' },
  DTS1: { kind: 'audio', codec: 'dts' },
  DTS2: { kind: 'audio', codec: 'dts' },
  DTS3: { kind: 'audio', codec: 'dts' },
  Opus: { kind: 'audio', codec: 'opus' },
  BSSD: { kind: 'audio', codec: 's302m' },
  HEVC: { kind: 'video', codec: 'hevc' },
  KLVA: { kind: 'data', codec: 'klv' },
}

const PRIVATE_TYPE = 0x06
const REGISTRATION = 0x05
const ISO_639_LANGUAGE = 0x0a
const TELETEXT = 0x56
const SUBTITLING = 0x59

/** The body of the first descriptor with one of these tags. */
function descriptorOf(descriptors: Uint8Array, tags: readonly number[]): Uint8Array | undefined {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + (descriptors[at + 1] as number)) {
    if (tags.includes(descriptors[at] as number)) return descriptors.subarray(at + 2, at + 2 + (descriptors[at + 1] as number))
  }
  return undefined
}

function privateCoding(stream: PmtStream): Coding | undefined {
  const { descriptors } = stream
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + (descriptors[at + 1] as number)) {
    const coding = BY_DESCRIPTOR[descriptors[at] as number]
    if (coding !== undefined) return coding
  }
  const registration = descriptorOf(descriptors, [REGISTRATION])
  return registration === undefined ? undefined : BY_REGISTRATION[String.fromCharCode(...registration.subarray(0, 4))]
}

const codingOf = (stream: PmtStream): Coding =>
  (stream.type === PRIVATE_TYPE ? privateCoding(stream) : BY_TYPE[stream.type]) ?? {
    kind: 'data',
    codec: stream.type === PRIVATE_TYPE ? 'private' : `type-0x${stream.type.toString(16).padStart(2, '0')}`,
  }

function languageOf(stream: PmtStream): string | undefined {
  const body = descriptorOf(stream.descriptors, [ISO_639_LANGUAGE, TELETEXT, SUBTITLING])
  if (body === undefined || body.length < 3) return undefined
  const letters = String.fromCharCode(...body.subarray(0, 3)).toLowerCase()
  return /^[a-z]{3}$/.test(letters) ? letters : undefined
}

/** The tracks in the order of the table. */
export function tracksOf(pmt: Pmt): Track[] {
  return pmt.streams.map((stream) => {
    const language = languageOf(stream)
    return { ...codingOf(stream), pid: stream.pid, ...(language === undefined ? {} : { language }) }
  })
}

const RULES: Readonly<Record<string, AccessRule>> = { h264: 'h264', hevc: 'hevc', mpeg2video: 'mpeg2video', mpeg1video: 'mpeg2video' }

/** The stream whose random access points count, and how they are known: the first video, else the first audio. */
export function accessTrack(pmt: Pmt): { readonly pid: number; readonly rule: AccessRule } | undefined {
  const tracks = tracksOf(pmt)
  const video = tracks.find((track) => track.kind === 'video')
  if (video !== undefined) return { pid: video.pid, rule: RULES[video.codec] ?? 'indicator' }
  const audio = tracks.find((track) => track.kind === 'audio')
  return audio && { pid: audio.pid, rule: 'audio' }
}

/** The four fields of protocolInfo (CM §2.5.2) for what we serve; the HTTP header repeats the fourth. */
import type { Quirk, TsMime } from './quirks.ts'

/** 8 hex digits are defined, 24 reserved (DLNA 7.4.1.3.24). */
const RESERVED = '0'.repeat(24)
/** A recording: byte seek, streaming, background, stalling, DLNA 1.5. */
const FILE_FLAGS = '01700000'

export interface MediaKind {
  readonly live: boolean
  readonly transcoded: boolean
}

/** PURE. The fourth field. No DLNA.ORG_PN: a wrong one is worse than none, and nobody has proven one yet. */
export const contentFeatures = ({ live, transcoded }: MediaKind, quirk: Quirk): string =>
  `DLNA.ORG_OP=${live ? '00' : '01'};DLNA.ORG_CI=${transcoded ? 1 : 0};DLNA.ORG_FLAGS=${live ? quirk.liveFlags : FILE_FLAGS}${RESERVED}`

export const protocolInfo = (mime: TsMime, kind: MediaKind, quirk: Quirk): string => `http-get:*:${mime}:${contentFeatures(kind, quirk)}`

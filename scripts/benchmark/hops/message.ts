import { HEADER_BYTES } from '../../../relay/chunk/chunk.ts'
import { FRAME_HEADER_BYTES } from '../../../relay/wire/limits.ts'

/** What the chunker cuts of a fast channel: 347 packets. */
export const PAYLOAD_BYTES = 347 * 188
/** The same bytes on the wire for all. */
export const MESSAGE_BYTES = FRAME_HEADER_BYTES + HEADER_BYTES + PAYLOAD_BYTES

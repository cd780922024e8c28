/** Everything that bounds a frame. What a partner can make us hold before we have judged it: one frame. */
import { HEADER_BYTES, MAX_PAYLOAD_BYTES } from '../chunk/chunk.ts'

export const SWARM_PROTOCOL = '/tributary/swarm/1.0.0'
/** The version inside the handshake; the protocol's name changes with the framing, this with the fields. */
export const WIRE_VERSION = 1

/** The length field counts what follows it: one byte of type, then the fields. */
export const LENGTH_BYTES = 4
/** Length and type. */
export const FRAME_HEADER_BYTES = LENGTH_BYTES + 1

/** A chunk as it travels. */
export const MAX_CHUNK_BYTES = HEADER_BYTES + MAX_PAYLOAD_BYTES
/** Fields of any message but CHUNK: a full PEX, the largest, has 18 KiB if every text has its full length. */
export const MAX_CONTROL_BYTES = 18 * 1024

/** Sub-streams of a live swarm: sequence modulo 8. Fewer make a lost parent hurt more, more cost control messages. */
export const SUB_STREAMS = 8
/** Bits of one map: 2 minutes of television at 8 Mbit/s, in 512 bytes. */
export const MAX_MAP_CHUNKS = 2048
/** Peers of one PEX; BitTorrent allows 50 (BEP 11), a swarm with 6 partners needs fewer. */
export const MAX_PEX_PEERS = 16
export const MAX_PEX_ADDRESSES = 4
/** A libp2p peer id has 52 letters. */
export const MAX_PEER_ID_BYTES = 96
/** A WebRTC-direct multiaddr with its certificate hash and peer id has about 150. */
export const MAX_ADDRESS_BYTES = 255
/** A depth that means: this sub-stream does not reach me. */
export const NO_DEPTH = 255
export const MAX_UINT16 = 2 ** 16 - 1
export const MAX_UINT32 = 2 ** 32 - 1

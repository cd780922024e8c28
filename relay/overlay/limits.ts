/** Every limit of the libp2p host in one place; ARCHITECTURE says what they cost together. */
const SECOND = 1000
const MINUTE = 60 * SECOND
const KIB = 1024
const MIB = 1024 * KIB

/** A relay needs a dozen partners a channel; beyond this the least useful connections are closed. */
export const MAX_CONNECTIONS = 80
/** New connections a second from one host; a household behind one address restarts all its relays at once. */
export const INBOUND_PER_SECOND = 20
/** Connections that are still shaking hands; each costs a key exchange. */
export const MAX_PENDING_INBOUND = 30
export const MAX_PARALLEL_DIALS = 10
/** All addresses of one peer together. */
export const DIAL_TIMEOUT_MS = 15 * SECOND
/** Of one address. WebRTC through a relay is signalling, ICE and DTLS one after the other: on a busy Pi that takes seconds. */
export const ADDRESS_DIAL_TIMEOUT_MS = 10 * SECOND
export const MAX_ADDRESSES_PER_DIAL = 16

/** Bytes a partner may send before it hears from us: 1 MiB is a second at 8 Mbit/s. Not negotiated, so the same in every relay. */
export const STREAM_WINDOW_BYTES = MIB
/** Where the window may grow to on a long fat path. What a paused stream holds at most. */
export const MAX_STREAM_WINDOW_BYTES = 4 * MIB
/** What a socket takes before it asks for patience: a chunk with what goes before and behind it. */
export const SOCKET_QUEUE_BYTES = 256 * KIB
/** A sender that ignores back-pressure is reset before it eats the memory. */
export const MAX_STREAM_QUEUE_BYTES = 16 * MIB
/** Swarms ping every 20 s, so silence of this length means that nobody is there. */
export const STREAM_IDLE_MS = 10 * MINUTE
/** One stream a channel and partner; a relay follows few channels at once. */
export const MAX_PROTOCOL_STREAMS = 64
/** How long a closed stream waits for the other side to close too. */
export const STREAM_CLOSE_MS = 10 * SECOND

/** Round trips are measured, and dead connections found, this often. */
export const PING_INTERVAL_MS = 15 * SECOND
/** A busy Raspberry Pi may be silent for some seconds without being dead. */
export const PING_TIMEOUT_MS = 15 * SECOND

/** Inbound connections from one /24 (IPv4) or /56 (IPv6) that is not the LAN: neighbours of one provider, not an attacker's farm. */
export const MAX_INBOUND_PER_PREFIX = 2

/** Good peers kept in the file, and addresses kept for each. */
export const MAX_GOOD_PEERS = 64
export const MAX_ADDRESSES_PER_PEER = 8
/** The file is written at most this often, and when the relay stops. */
export const GOOD_PEERS_SAVE_MS = 5 * SECOND
/** A peer not met for this long has moved. */
export const GOOD_PEER_AGE_MS = 30 * 24 * 60 * MINUTE

/** Below so many connections, good peers and peers found on the LAN are dialled; bootstrap nodes always. */
export const WANTED_CONNECTIONS = 12
/** The first pause after a failed dial; it doubles up to the longest. */
export const REDIAL_MS = SECOND
export const MAX_REDIAL_MS = MINUTE
/** Addresses we were told to dial; the LAN can be full of announcements. */
export const MAX_DIAL_TARGETS = 256

/** Presence in the DHT: 48 h of validity is far too long, so the key changes with the time. */
export const SLOT_MS = 15 * MINUTE
/** Presence is said again this often: nodes come and go. */
export const PROVIDE_INTERVAL_MS = 5 * MINUTE
/** After the first neighbours have come, presence is said at once, and again soon, since they may not have met the others yet. */
export const PROVIDE_AGAIN_MS = 2 * SECOND
/** While nobody has taken it, presence is offered this often, and right after a neighbour has come. */
export const PROVIDE_ALONE_MS = 5 * SECOND
export const PROVIDE_FIRST_MS = 250
export const PROVIDE_TIMEOUT_MS = 20 * SECOND
/** A search that has found nobody by then will not. */
export const FIND_TIMEOUT_MS = 10 * SECOND
/** Peers that one search yields at most. */
export const MAX_FOUND = 40

/** Circuit relays of a bootstrap node: signalling for WebRTC, not media. */
export const MAX_RELAY_RESERVATIONS = 64
export const RELAY_DATA_BYTES = 128 * KIB
export const RELAY_DURATION_MS = 2 * MINUTE

/** How long stopping may take before connections are cut. */
export const STOP_TIMEOUT_MS = 5 * SECOND
/** How long a connection may take to send what is queued before it is cut. */
export const CLOSE_TIMEOUT_MS = SECOND

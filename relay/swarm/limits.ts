/** The swarm's numbers. Times are ms, sizes bytes unless a name says otherwise. */

// partners
/** With 6 partners, of which any may leave, each sub-stream finds a parent nearly always (DONet: 4 to 6). */
export const TARGET_PARTNERS = 6
/** Inbound partners may come on top; each costs a buffer map a second. */
export const MAX_PARTNERS = 16
/** A source is found by everybody; it is not there to serve everybody. */
export const SOURCE_MAX_PARTNERS = 8
/** A source waits to be found; these it looks for itself, so that one behind a NAT has an audience too. */
export const SOURCE_TARGET_PARTNERS = 3
/** Copies of each sub-stream that a source pushes: what a swarm of any size may cost it. */
export const SOURCE_COPIES = 3
/** Sub-streams that a peer without an upload cap pushes at most: 8 copies of the channel. */
export const MAX_PUSHED_SUB_STREAMS = 64

// the session
export const HANDSHAKE_TIMEOUT_MS = 5000
export const DIAL_TIMEOUT_MS = 5000
/** Streams whose handshake has not come. */
export const MAX_UNGREETED = 32
export const PING_INTERVAL_MS = 5000
/** Maps come every second: a partner that is silent for so long is gone. */
export const SILENCE_MS = 8000
/** How long a goodbye may take before the stream is cut. */
export const GOODBYE_LINGER_MS = 500

// the tick and what it sends
export const TICK_MS = 100
/** A tick so much later than it should be: the process was held up, and all that waited is given that time. */
export const HELD_UP_MS = 500
/** A small message costs as much CPU as half a chunk; half a second is soon enough for a hole with 3 s to go. */
export const HAVE_INTERVAL_MS = 500
/** A map also tells what is new, so HAVEs go out in between. */
export const MAP_INTERVAL_MS = 1000
/** Chunks of the map that goes out each second; the first map has all. */
export const RECENT_MAP_CHUNKS = 256
/** A partner that gets chunks from us, or gives them, knows the edge by them. */
export const HEADER_IDLE_MS = 500
export const PEX_INTERVAL_MS = 60_000
/** A PEX sooner than this after the one before is not read. */
export const MIN_PEX_INTERVAL_MS = 5000

// the live edge
/** A header older than this is no live edge: nobody is pulled into the past by a replay. */
export const STALE_HEADER_MS = 15_000
/** Nothing new for so long: the source is gone. */
export const OFF_AIR_AFTER_MS = 3500
/** Epochs that are remembered: a broadcaster that restarts every minute stays in order for the whole past window. */
export const MAX_EPOCHS = 16

// holes and pulls
/** How long a pushed chunk may be late before it is pulled; jitter and reordering between parents stay below. */
export const PULL_AFTER_MS = 300
/** How long a hole may stay open in live play; it ends before OFF_AIR_AFTER_MS. */
export const HOLE_PATIENCE_MS = 3000
/** The backlog of a joiner is older and larger. */
export const BACKLOG_PATIENCE_MS = 8000
/** A hole that no partner can fill is waited for this long. */
export const HOPELESS_MS = 1500
/** So close to the deadline a second partner is asked. */
export const URGENT_MS = 900
/** Requests under way with one partner: 1 MiB fills 80 ms at 100 Mbit/s. */
export const MAX_REQUESTS_OUT = 16
/** A partner begins with so many and earns one more with each answer, so that a joiner's burst is spread over those who answer. */
export const FIRST_REQUESTS_OUT = 4
/** An answer that takes longer is given up and asked of another; rises with the partner's round trip. */
export const REQUEST_TIMEOUT_MS = 700
/** Holes kept; more means that we are too far behind and tune in again. */
export const MAX_HOLES = 2048
/** So far behind the edge, with a newer random access point in reach, play jumps forward. */
export const MAX_BEHIND_MS = 20_000
/** A joiner that knows an edge but no random access point begins at the edge after this. */
export const SEEK_PATIENCE_MS = 500

// parents
/** A parent is judged by what it pushed in this time. */
export const PARENT_GRACE_MS = 1500
/** After a change a sub-stream keeps its parent for so long. */
export const PARENT_COOLDOWN_MS = 4000
/** Better parents are looked for this often, one sub-stream at a time. */
export const IMPROVE_INTERVAL_MS = 5000
/** So much later than the best of the partners, ms, before a change pays. */
export const WORTH_CHANGING_MS = 150
/** A partner that released or refused a sub-stream is not asked for it again so soon. */
export const REFUSED_MS = 3000
/** Deeper than this is a loop. */
export const MAX_DEPTH = 32

// uploads
/** A push that waited longer is of no use: the child loses sub-streams. */
export const PUSH_STALE_MS = 1500
/** Sequence numbers that wait for one partner. */
export const MAX_PUSHES_QUEUED = 1024
export const MAX_REQUESTS_QUEUED = 64
/** Requests of one partner: the natural cap is the content's rate; this is 8 Mbit/s and a generous burst. */
export const REQUESTS_PER_SECOND = 64
export const REQUEST_BURST = 512
/** So many requests over quota, and the partner is gone. */
export const FLOOD_REJECTS = 256
export const RECHOKE_INTERVAL_MS = 10_000
export const OPTIMISTIC_INTERVAL_MS = 30_000

// candidates
export const MAX_CANDIDATES = 256
export const MAX_DIALS = 4
export const SEARCH_INTERVAL_MS = 3000
/** Off air, one more candidate is tried this often: a second at first, so that a source that comes back is found at once. */
export const PROBE_MIN_MS = 1000
export const PROBE_MAX_MS = 15_000
/** A swarm that lacks something and has no place left parts with one idle partner this often. */
export const PRUNE_INTERVAL_MS = 10_000
export const RETRY_MIN_MS = 500
/** Also how soon a broadcaster that comes back is found. */
export const RETRY_MAX_MS = 5000
/** For candidates that never were partners. */
export const RETRY_STRANGER_MAX_MS = 30_000
export const RETRY_FULL_MS = 8000
export const PARTNER_WEIGHT = 80
export const SOURCE_WEIGHT = 100

// marks
/** A peer that sent a wrong chunk. */
export const MARK_MS = 3_600_000
export const MAX_MARKS = 1024

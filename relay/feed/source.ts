import type { Gap, MediaChunk } from '../chunk/chunk.ts'

export type FeedItem =
  | { readonly kind: 'chunk'; readonly chunk: MediaChunk }
  /** A hole that missed its deadline; it is never waited for. */
  | { readonly kind: 'gap'; readonly gap: Gap }

/** What a feed reads from: a swarm, an ffmpeg, a test's literal. Declared here, passed in by the composition root. */
export interface ChunkSource {
  /** Verified chunks in order. Ends when the channel goes off air; throws only what the signal says. One consumer. */
  items(signal: AbortSignal): AsyncIterable<FeedItem>
}

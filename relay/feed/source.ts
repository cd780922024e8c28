import type { Gap, MediaChunk } from '../chunk/chunk.ts'

export type FeedItem =
  | { readonly kind: 'chunk'; readonly chunk: MediaChunk }
  /** A hole that missed its deadline; it is never waited for. `slow`: the chunks came, but this reader was too slow for them. */
  | { readonly kind: 'gap'; readonly gap: Gap; readonly slow?: true }

/** What a feed reads from: a swarm, an ffmpeg, a test's literal. Declared here, passed in by the composition root. */
export interface ChunkSource {
  /** Verified chunks in order. Ends when the channel goes off air; throws only what the signal says. One consumer. */
  items(signal: AbortSignal): AsyncIterable<FeedItem>
}

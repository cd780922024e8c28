/** One way to bring television into a video element. */
export interface Engine {
  close(): void
}

export type Failure =
  /** The browser cannot decode it, however often it is tried. */
  | { readonly kind: 'undecodable' }
  /** The relay answered, but not with a stream; `status` of HTTP. */
  | { readonly kind: 'refused'; readonly status: number }
  /** The connection broke, or the decoder stumbled: worth another try. */
  | { readonly kind: 'broken'; readonly by: 'network' | 'media' }

export interface EngineListeners {
  onFailure(failure: Failure): void
  /** The stream ended cleanly. */
  onEnded(): void
}

/** What the page's state needs from the browser. main.ts passes the real ones, a test its own. */

export interface PageClock {
  /** Wall clock, milliseconds since the Unix epoch. */
  now(): number
  /** Calls `run` once after `ms`; the result cancels it. */
  after(ms: number, run: () => void): () => void
  /** Calls `run` every `ms`; the result ends it. */
  every(ms: number, run: () => void): () => void
}

/** A problem document, or what stands for one when the relay could not be reached (`status` 0). */
export interface ApiProblem {
  readonly status: number
  readonly title: string
  readonly detail: string
}
export type ApiReply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: ApiProblem }

/** JSON over HTTP, below `/api/v1/`. It never throws. */
export interface Api {
  get<T>(path: string): Promise<ApiReply<T>>
  post<T>(path: string, body: unknown): Promise<ApiReply<T>>
  remove(path: string): Promise<ApiReply<undefined>>
}

/** One server-sent event connection. After `onLost` it is closed and of no more use. */
export interface EventListeners {
  onOpen(): void
  /** `data` is the parsed JSON of one event. */
  onEvent(name: string, data: unknown): void
  onLost(): void
}
export type OpenEvents = (names: readonly string[], listeners: EventListeners) => { close(): void }

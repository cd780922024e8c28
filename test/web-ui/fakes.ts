/** Hand-written stand-ins for the page's ports. */
import type { Api, ApiProblem, ApiReply, EventListeners, OpenEvents, PageClock } from '../../web-ui/state/ports.ts'
import { fakeClock } from '../harness/clock.ts'

export interface FakePageClock extends PageClock {
  advance(ms: number): Promise<void>
}

export function fakePageClock(): FakePageClock {
  const clock = fakeClock()
  return {
    now: () => clock.now(),
    after: (ms, run) => {
      const timer = clock.after(ms, run)
      return () => timer[Symbol.dispose]()
    },
    every: (ms, run) => {
      const timer = clock.every(ms, run)
      return () => timer[Symbol.dispose]()
    },
    advance: (ms) => clock.advance(ms),
  }
}

export const problemOf = (detail: string, status = 503): ApiReply<never> => ({
  ok: false,
  problem: { status, title: 'No', detail } satisfies ApiProblem,
})

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** Answers it. */
  reply(reply: ApiReply<unknown>): Promise<void>
}

/** Collects calls; the test answers each when it wants to. */
export function fakeApi(): Api & { readonly calls: Call[]; take(method: Call['method'], path: string): Call } {
  const calls: Call[] = []
  const call = <T>(method: Call['method'], path: string, body?: unknown): Promise<ApiReply<T>> =>
    new Promise((resolve) => {
      calls.push({
        method,
        path,
        body,
        reply: async (reply) => {
          resolve(reply as ApiReply<T>)
          await new Promise((done) => setImmediate(done))
        },
      })
    })
  return {
    calls,
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    remove: (path) => call('DELETE', path),
    take(method, path) {
      const at = calls.findIndex((candidate) => candidate.method === method && candidate.path === path)
      const [found] = at === -1 ? [] : calls.splice(at, 1)
      if (found === undefined)
        throw new Error(`nobody asked ${method} ${path}; open are: ${calls.map((c) => `${c.method} ${c.path}`).join(', ')}`)
      return found
    },
  }
}

/** Event connections; `connections` lists all that were opened, oldest first. */
export function fakeEvents(): { readonly open: OpenEvents; readonly connections: (EventListeners & { closed: boolean })[] } {
  const connections: (EventListeners & { closed: boolean })[] = []
  return {
    connections,
    open: (_names, listeners) => {
      const connection = { ...listeners, closed: false }
      connections.push(connection)
      return {
        close: () => {
          connection.closed = true
        },
      }
    },
  }
}

/** The browser behind the ports of state/: fetch, EventSource, timers. */
import { t } from './i18n.ts'
import type { Api, ApiProblem, ApiReply, OpenEvents, PageClock } from './state/ports.ts'

export const browserClock: PageClock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms)
    return () => clearInterval(timer)
  },
}

const unreachable = (): ApiProblem => ({ status: 0, title: t('problem.load'), detail: t('problem.unreachable') })

/** The problem document in an answer, or one made of its status line. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => undefined)
  const document = typeof body === 'object' && body !== null ? (body as Partial<ApiProblem>) : {}
  const title = typeof document.title === 'string' ? document.title : response.statusText
  return {
    status: response.status,
    title,
    detail: typeof document.detail === 'string' ? document.detail : title || t('problem.unexpected'),
  }
}

async function request<T>(method: string, path: string, body?: unknown): Promise<ApiReply<T>> {
  try {
    const response = await fetch(`/api/v1/${path}`, {
      method,
      // a deletion that is sent while the page goes away still arrives
      keepalive: method === 'DELETE',
      headers: body === undefined ? { accept: 'application/json' } : { accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) return { ok: false, problem: await problemOf(response) }
    const text = await response.text()
    return { ok: true, value: (text === '' ? undefined : JSON.parse(text)) as T }
  } catch (error) {
    if (error instanceof SyntaxError)
      return { ok: false, problem: { status: 200, title: t('problem.load'), detail: t('problem.unexpected') } }
    return { ok: false, problem: unreachable() }
  }
}

export const browserApi: Api = {
  get: (path) => request('GET', path),
  post: (path, body) => request('POST', path, body),
  remove: (path) => request('DELETE', path),
}

export const openBrowserEvents: OpenEvents = (names, listeners) => {
  const source = new EventSource('/api/v1/events')
  source.addEventListener('open', () => listeners.onOpen())
  source.addEventListener('error', () => {
    source.close()
    listeners.onLost()
  })
  for (const name of names) {
    source.addEventListener(name, (event) => {
      try {
        listeners.onEvent(name, JSON.parse((event as MessageEvent<string>).data))
      } catch {
        // a broken event is dropped: the next one replaces the whole list
      }
    })
  }
  return { close: () => source.close() }
}

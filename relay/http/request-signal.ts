import type { ServerResponse } from 'node:http'

/** Aborts when the client has gone or the server stops; leaves no listener on the server's signal behind. */
export function requestSignal(response: ServerResponse, lifetime: AbortSignal): AbortSignal {
  const gone = new AbortController()
  const onStop = (): void => gone.abort(lifetime.reason)
  if (lifetime.aborted) onStop()
  else lifetime.addEventListener('abort', onStop, { once: true })
  response.once('close', () => {
    lifetime.removeEventListener('abort', onStop)
    gone.abort()
  })
  return gone.signal
}

/**
 * The relay that runs on a data folder. `DATA/run.json` says where its API is and which process it is; the file lives as long as the relay,
 * and one left behind by a crash is recognised by the process that is gone.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, RelayError } from '../errors.ts'

const RunFile = z.object({ pid: z.number().int().positive(), url: z.url() })
const Problem = z.object({ detail: z.string() })

/** The API answers from memory; what takes longer has hung. Joining a network has its own, longer deadline. */
const REQUEST_TIMEOUT_MS = 30_000

const runFile = (data: string): string => join(data, 'run.json')

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Base URL of the relay that runs on this data folder. */
export function findRunningRelay(data: string): string | undefined {
  try {
    const { pid, url } = RunFile.parse(JSON.parse(readFileSync(runFile(data), 'utf8')))
    return pid !== process.pid && isAlive(pid) ? url : undefined
  } catch {
    return undefined // none has run here, or its file was torn by a crash: either way none runs
  }
}

/** Says for as long as it is not disposed that this process is the relay of the data folder. Throws `data-in-use` when there is one already. */
export function claimData(data: string, url: string): Disposable {
  refuseSecondRelay(data)
  writeFileSync(runFile(data), JSON.stringify({ pid: process.pid, url }) + '\n')
  return { [Symbol.dispose]: () => rmSync(runFile(data), { force: true }) }
}

/** Throws `data-in-use`: two relays on one folder would both write its files. */
export function refuseSecondRelay(data: string): void {
  const other = findRunningRelay(data)
  if (other !== undefined)
    throw new RelayError(
      'data-in-use',
      `a relay already runs on ${data} (${other}); stop it, or give this one a folder of its own with --data`,
    )
}

export interface RelayClient {
  get<Shape>(path: string, shape: z.ZodType<Shape>, signal: AbortSignal): Promise<Shape>
  post<Shape>(path: string, body: object, shape: z.ZodType<Shape>, signal: AbortSignal): Promise<Shape>
}

/** Talks to the relay's API. Throws RelayError with the sentence of the problem document. */
export function relayClient(url: string): RelayClient {
  const request = async <Shape>(
    method: string,
    path: string,
    body: object | undefined,
    shape: z.ZodType<Shape>,
    signal: AbortSignal,
  ): Promise<Shape> => {
    let response: Response
    try {
      response = await fetch(new URL(`/api/v1/${path}`, url), {
        method,
        signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
    } catch (error) {
      signal.throwIfAborted()
      throw new RelayError(
        'relay-not-running',
        `the relay at ${url} does not answer (${messageOf(error)}); look at its log, or start it again: tributary relay`,
      )
    }
    const answer: unknown = await response.json()
    if (response.ok) return shape.parse(answer)
    const problem = Problem.safeParse(answer)
    throw new RelayError(
      'relay-refused',
      problem.success ? problem.data.detail : `the relay answered ${response.status} to ${method} ${path}`,
    )
  }
  return {
    get: (path, shape, signal) => request('GET', path, undefined, shape, signal),
    post: (path, body, shape, signal) => request('POST', path, body, shape, signal),
  }
}

/** The client of the relay that runs on this data folder. Throws `relay-not-running`. */
export function requireRunningRelay(data: string): RelayClient {
  const url = findRunningRelay(data)
  if (url === undefined)
    throw new RelayError('relay-not-running', `no relay runs on ${data}; start it with: tributary relay --data ${data}`)
  return relayClient(url)
}

/** DLNA and plug-ins: handlers over node:http types, below a path of their own. They see no cookie, and their failure is theirs alone. */
import type { RequestHandler } from 'express'
import { RelayError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Mount } from './ports.ts'
import { sendProblem } from './problem.ts'

/** A handful of surfaces with a few paths each. */
const MAX_MOUNTS = 64
const SECRETS = new Set(['cookie', 'authorization'])

const serves = (mount: Mount, path: string): boolean => (mount.path.endsWith('/') ? path.startsWith(mount.path) : path === mount.path)

export interface Mounts {
  readonly handler: RequestHandler
  /** Disposing takes it off again. */
  add(mount: Mount): Disposable
}

export function createMounts(log: Log): Mounts {
  const mounts: Mount[] = []
  const find = (path: string): Mount | undefined => mounts.find((mount) => serves(mount, path))

  return {
    add(mount) {
      if (mounts.length >= MAX_MOUNTS) throw new RangeError(`more than ${MAX_MOUNTS} mounts`)
      mounts.push(mount)
      return {
        [Symbol.dispose]: () => {
          const at = mounts.indexOf(mount)
          if (at !== -1) mounts.splice(at, 1)
        },
      }
    },
    async handler(request, response, next) {
      const mount = find(request.path)
      if (mount === undefined) return next()
      if (mount.methods === 'read' && request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD')
        throw new RelayError('method-not-allowed', `${request.method} is not possible on ${request.path}; expected GET or HEAD`)
      }
      for (const name of SECRETS) delete request.headers[name]
      request.rawHeaders = request.rawHeaders.filter((_, at, all) => !SECRETS.has((all[at - (at % 2)] ?? '').toLowerCase()))
      try {
        if ((await mount.handle(request, response)) === false) next()
      } catch (error) {
        log.error('a mounted handler failed', { mount: mount.path, error: messageOf(error) })
        sendProblem(response, error)
      }
    },
  }
}

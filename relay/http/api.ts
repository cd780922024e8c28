/** Serves the operations below /api/v1: validates, runs, answers JSON. Errors go on to `problem.ts`. */
import { Router } from 'express'
import { RelayError } from '../errors.ts'
import { channelOperations } from './api-channels.ts'
import { recordingOperations } from './api-recordings.ts'
import { relayOperations } from './api-relay.ts'
import { rendererOperations } from './api-renderers.ts'
import { readJson } from './body.ts'
import { openApi } from './openapi.ts'
import type { ApiDeps, Operation } from './operation.ts'
import { requestSignal } from './request-signal.ts'
import { validate } from './validate.ts'

export const OPERATIONS: readonly Operation[] = [...relayOperations, ...channelOperations, ...recordingOperations, ...rendererOperations]

const NOTHING = {}

const toExpressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

function serve(router: Router, operation: Operation, deps: ApiDeps, lifetime: AbortSignal): void {
  router[operation.method](toExpressPath(operation.path), async (request, response) => {
    const query: unknown = operation.query === undefined ? NOTHING : validate(operation.query, request.query, 'query')
    const body: unknown = operation.body === undefined ? undefined : validate(operation.body, await readJson(request), 'body')
    const input = { path: request.params as Record<string, string>, query, body, request }
    const answer = await operation.run(deps, input, requestSignal(response, lifetime))
    response.status(operation.answer.status).setHeader('Cache-Control', 'no-store')
    if (operation.answer.schema === undefined) response.end()
    else response.json(answer)
  })
}

export function apiRouter(deps: ApiDeps, version: string, lifetime: AbortSignal): Router {
  const router = Router()
  for (const operation of OPERATIONS) serve(router, operation, deps, lifetime)

  let document: unknown
  router.get('/openapi.json', (_request, response) => {
    document ??= openApi(OPERATIONS, version)
    response.json(document)
  })

  router.get('/networks/:id/qr.svg', (request, response) => {
    const svg = deps.ports.networks.qrCode(request.params.id)
    if (svg === undefined) throw new RelayError('network-not-found', `this relay has not joined a network ${request.params.id}`)
    response.type('image/svg+xml').setHeader('Cache-Control', 'no-cache').send(svg)
  })

  for (const path of new Set(OPERATIONS.map((operation) => operation.path))) {
    const allowed = OPERATIONS.filter((operation) => operation.path === path).map((operation) => operation.method.toUpperCase())
    router.all(toExpressPath(path), (request, response) => {
      response.setHeader('Allow', allowed.join(', '))
      throw new RelayError('method-not-allowed', `${request.method} is not possible on /api/v1${path}; expected ${allowed.join(' or ')}`)
    })
  }
  return router
}

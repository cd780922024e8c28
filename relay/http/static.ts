/**
 * The page. Requests are looked up in a table of what the build made, never as paths on the disk; whatever a browser navigates to
 * without a dot in its last part is a place within the page and gets `index.html`.
 */
import type { Request, RequestHandler, Response } from 'express'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import type { Log } from '../log.ts'
import { PAGE_POLICY } from './headers.ts'
import { isRead } from './lan-only.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
/** Vite puts what it names by its content there. */
const HASHED = /^\/assets\//
const IMMUTABLE = 'public, max-age=31536000, immutable'
/** The page is below 2 MB with all players; the table is not for anything else. */
const MAX_FILES = 500

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Tributary</title>
<h1>The relay runs, but its page has not been built</h1>
<p>Run <code>npm run build:page</code> in the project's folder, or start with <code>./scripts/start</code>, which does it. Then load this page again.</p>
<p>Meanwhile: <a href="/iptv/channels.m3u">the channels as a playlist</a> &middot; <a href="/api/v1/status">the state of the relay</a></p>
</html>
`

/** A program that asks for something that is not there is told so; only a browser gets the page instead. */
const isPlace = (request: Request): boolean =>
  request.path === '/' || (!(request.path.split('/').at(-1) ?? '').includes('.') && (request.headers.accept ?? '').includes('text/html'))

/** Paths as requested, to files. */
async function tableOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).slice(0, MAX_FILES)
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [`/${relative(folder, path).split(sep).join('/')}`, path]
    }),
  )
}

async function sendFile(response: Response, path: string, file: string, asked: string | undefined): Promise<void> {
  const bytes = await readFile(file)
  response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream')
  response.setHeader('Content-Security-Policy', PAGE_POLICY)
  response.setHeader('Cache-Control', HASHED.test(path) ? IMMUTABLE : 'no-cache')
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  response.setHeader('ETag', etag)
  if (asked === etag) {
    response.status(304).end()
    return
  }
  response.setHeader('Content-Length', bytes.length)
  response.end(bytes) // Node leaves it away for HEAD
}

export function pageHandler(folder: string, log: Log): RequestHandler {
  let table: ReadonlyMap<string, string> = new Map()

  const find = async (path: string): Promise<string | undefined> => {
    const known = table.get(path)
    // The page itself says which files belong to it: then is the time to see whether it was built anew.
    if (known !== undefined && path !== '/index.html') return known
    table = await tableOf(folder)
    return table.get(path)
  }

  return async (request, response, next) => {
    if (!isRead(request)) return next()
    const path = isPlace(request) ? '/index.html' : request.path
    const file = await find(path)
    if (file !== undefined) return sendFile(response, path, file, request.headers['if-none-match'])
    if (path !== '/index.html') return next()
    log.debug('the page was asked for, but has not been built', { folder })
    response.status(503).setHeader('Cache-Control', 'no-store').setHeader('Content-Type', 'text/html; charset=utf-8')
    response.end(NOT_BUILT)
  }
}

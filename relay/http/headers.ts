import type { RequestHandler } from 'express'

/** The page: nothing from elsewhere; `blob:` is what Media Source Extensions play from and what the players' workers are made of. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Whatever is no page needs nothing. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

export const baseHeaders: RequestHandler = (request, response, next) => {
  // With `TE: chunked` Node would answer even HTTP/1.0 chunked, which such a client cannot read.
  if (request.httpVersionMajor === 1 && request.httpVersionMinor === 0) response.useChunkedEncodingByDefault = false
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Content-Security-Policy', DATA_POLICY)
  next()
}

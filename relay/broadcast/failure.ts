/** What ffmpeg's last words mean for the one who started the broadcast: one sentence saying what, where, and what to do. */
import { RelayError } from '../errors.ts'

/** What ffmpeg says when there is nothing at an address. */
const NOTHING_THERE =
  /No such file or directory|Server returned 404|Server returned 410|Failed to resolve hostname|Name or service not known|Connection refused|No route to host|Network is unreachable|Host is unreachable|Protocol not found/i
/** ffmpeg's own marks before a message, as in `[tcp @ 0x55] [error] `. */
const MARKS = /^(?:\[[^\]]*\] ?)+/

const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.replace(MARKS, '').trim())
    .findLast((line) => line !== '' && !line.startsWith('Conversion failed') && !line.startsWith('Did you mean')) ?? 'ffmpeg gave no reason'

/** @param where the source as it is named to people */
export function sourceFailure(where: string, stderr: string): RelayError {
  const found = NOTHING_THERE.exec(stderr)
  if (found !== null)
    return new RelayError('source-not-found', `There is nothing at ${where} (${found[0]}); check the address given to --input.`)
  return sourceUnreadable(where, lastWords(stderr).replace(/\.$/, ''))
}

export const sourceNotFound = (where: string): RelayError =>
  new RelayError('source-not-found', `The file ${where} does not exist; check the path given to --input.`)

export const sourceUnreadable = (where: string, why: string): RelayError =>
  new RelayError('source-unreadable', `${where} cannot be broadcast: ${why}; give --input something that ffmpeg can play.`)

export const sourceStalled = (where: string, stallMs: number): RelayError =>
  new RelayError(
    'source-stalled',
    `Nothing has come from ${where} for ${stallMs / 1000} s; check that it is still sending, then start again.`,
  )

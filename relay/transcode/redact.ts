const HIDDEN = '[redacted]'
const MASK = '***'

/** scheme://user:password@ ; the greedy part takes a password that itself holds an @. */
const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^/\s?#'"]*@/gi
/** Every value of a query: which parameter is the secret one, only its server knows. */
const QUERY_VALUE = /([?&][^=&#\s'"]+=)[^&#\s'"]*?(?=:?(?:[&#\s'"]|$))/g
/** The last part of an RTMP path is the stream key. */
const RTMP_KEY = /\b(rtmp[a-z]*:\/\/[^\s?'"]*\/)[^/\s?'"]+/gi

/** Options of ffmpeg whose value is a secret as a whole. */
const SECRET_OPTIONS = new Set(['-headers', '-cookies', '-passphrase', '-cryptokey', '-decryption_key', '-encryption_key', '-auth'])

/** PURE. Text as ffmpeg prints it, with what could open a door taken out of its URLs. */
export const redact = (text: string): string =>
  text.replace(USERINFO, `$1${MASK}@`).replace(QUERY_VALUE, `$1${MASK}`).replace(RTMP_KEY, `$1${MASK}`)

/** PURE. The command line as it may stand in an error or a log. */
export const redactCommand = (args: readonly string[]): string =>
  args.map((arg, index) => (SECRET_OPTIONS.has(args[index - 1] ?? '') ? HIDDEN : redact(arg))).join(' ')

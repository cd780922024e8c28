/**
 * Reads a recording's file into mpegts.js from any byte on, and goes on reading while the file still grows.
 * mpegts.js counts from the byte where we began; only this file knows the difference.
 */
import type Mpegts from 'mpegts.js'
import type { PageClock } from '../state/ports.ts'

/** A recording grows several times a second; asking once a second keeps the picture going. */
const GROWTH_PAUSE_MS = 1_000
const RANGE_NOT_SATISFIABLE = 416

export interface RecordingSource {
  readonly url: string
  /** Byte of the file to begin at. */
  readonly from: number
  /** Whether more may come after the file's present end. */
  growing(): boolean
}

const bufferOf = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer =>
  bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength
    ? bytes.buffer
    : bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

export function recordingLoader(mpegts: typeof Mpegts, source: RecordingSource, clock: PageClock): Mpegts.CustomLoaderConstructor {
  const { LoaderStatus, LoaderErrors } = mpegts
  return class RecordingLoader extends mpegts.BaseLoader {
    #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined
    /** Counts openings; what an aborted one still brings is dropped. */
    #run = 0
    #wake = (): void => {}

    constructor() {
      super('recording-loader')
      this._needStash = true
    }

    override open(_segment: Mpegts.MediaSegment, range: Mpegts.Range): void {
      this.#run += 1
      this._status = LoaderStatus.kConnecting
      this.#read(this.#run, range.from).catch((error: unknown) => {
        this.#fail(LoaderErrors.EXCEPTION, 0, String(error))
      })
    }

    override abort(): void {
      this.#run += 1
      this._status = LoaderStatus.kComplete
      this.#reader?.cancel().catch(() => {})
      this.#reader = undefined
      this.#wake()
    }

    override destroy(): void {
      if (this.isWorking()) this.abort()
      super.destroy()
    }

    #fail(type: string, code: number, msg: string): void {
      if (!this.isWorking()) return
      this._status = LoaderStatus.kError
      ;(this.onError as unknown as (type: string, info: Mpegts.LoaderErrorMessage) => void)(type, { code, msg })
    }

    /** `start`: mpegts.js's own count. */
    async #read(run: number, start: number): Promise<void> {
      let at = start
      for (;;) {
        const growing = source.growing()
        const response = await fetch(source.url, { headers: { range: `bytes=${source.from + at}-` } })
        if (run !== this.#run) {
          response.body?.cancel().catch(() => {})
          return
        }
        if (!response.ok && response.status !== RANGE_NOT_SATISFIABLE) {
          this.#fail(LoaderErrors.HTTP_STATUS_CODE_INVALID, response.status, response.statusText)
          return
        }
        if (response.ok && response.body !== null) {
          this._status = LoaderStatus.kBuffering
          at = await this.#pump(run, response.body.getReader(), start, at)
        }
        if (run !== this.#run) return
        // asked before the read: a recording that ended meanwhile is read once more
        if (!growing) break
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          clock.after(GROWTH_PAUSE_MS, resolve)
        })
        if (run !== this.#run) return
      }
      this._status = LoaderStatus.kComplete
      ;(this.onComplete as unknown as (from: number, to: number) => void)(start, at - 1)
    }

    async #pump(run: number, reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>, start: number, from: number): Promise<number> {
      this.#reader = reader
      let at = from
      for (;;) {
        const { done, value } = await reader.read()
        if (run !== this.#run || done || value === undefined) return at
        const begins = at
        at += value.byteLength
        this.onDataArrival(bufferOf(value), begins, at - start)
      }
    }
  }
}

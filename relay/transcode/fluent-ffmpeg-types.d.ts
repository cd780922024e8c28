/** The part of fluent-ffmpeg 2.1.3 that fluent-ffmpeg.ts uses, its inner hooks included. The package brings no types. */
declare module 'fluent-ffmpeg' {
  import type { ChildProcessByStdio } from 'node:child_process'
  import type { EventEmitter } from 'node:events'
  import type { Readable, Writable } from 'node:stream'

  export interface LinesRing {
    get(): string
  }
  export type FfmpegChild = ChildProcessByStdio<Writable, Readable, Readable>
  export type Ended = (error: Error | null | undefined, stdout?: LinesRing, stderr?: LinesRing) => void
  export type SpawnFfmpeg = (args: string[], options: object, started: (child: FfmpegChild) => void, ended: Ended) => void

  export interface FfmpegCommand extends EventEmitter {
    input(source: string | Readable): this
    inputOptions(...options: string[]): this
    outputOptions(...options: string[]): this
    format(name: string): this
    output(target: Writable): this
    run(): void
    ffmpegProc?: FfmpegChild
    _checkCapabilities(done: (error?: Error | null) => void): void
    availableEncoders(done: (error: Error | null, encoders: object) => void): void
    _getFfmpegPath(done: (error: Error | null, path: string) => void): void
    _spawnFfmpeg: SpawnFfmpeg
  }

  export default function ffmpeg(options: { stdoutLines: number }): FfmpegCommand
}

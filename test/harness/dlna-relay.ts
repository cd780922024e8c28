/**
 * A relay's DLNA side as a process of its own, to be put into a network namespace: `node dlna-relay.ts CLIP.ts`. Its one channel is
 * the clip, paced by ffmpeg. Says what happens as lines of JSON on stdout; takes commands as lines of JSON on stdin.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { isRelayError, messageOf } from '../../relay/errors.ts'
import type { MediaPort } from '../../relay/dlna/ports.ts'
import { newsOne, serveDlna } from './dlna.ts'

const [clip = ''] = process.argv.slice(2)
const say = (event: Readonly<Record<string, unknown>>): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

const media: MediaPort = {
  async live(_target, request, response, headers) {
    say({ event: 'live', method: request.method, version: request.httpVersion, type: headers['Content-Type'] })
    const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy', '-f', 'mpegts', '-'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    response.writeHead(200, headers)
    ffmpeg.stdout.pipe(response)
    response.on('close', () => ffmpeg.kill())
  },
  async recording() {},
}

const title = process.argv[3] ?? newsOne.name
const lists = { channels: [{ ...newsOne, name: title }], recordings: [] }
const server = await serveDlna({ lists, media, ssdpPort: 1900, interfaces: undefined })
server.dlna.events.on('renderers', (renderers) => say({ event: 'renderers', renderers }))
say({ event: 'ready', port: server.port, interfaces: server.dlna.interfaces() })

interface Command {
  readonly do: 'play' | 'stop' | 'off-air' | 'quit'
  readonly renderer: string
  readonly channel: string
}
const act = async (command: Command): Promise<void> => {
  const { signal } = new AbortController()
  switch (command.do) {
    case 'play':
      return server.dlna.play(command.renderer, { channel: command.channel }, signal)
    case 'stop':
      return server.dlna.stop(command.renderer, signal)
    case 'off-air':
      lists.channels = lists.channels.map((channel) => ({ ...channel, air: 'off-air' }))
      return server.dlna.refresh()
    case 'quit':
      await server[Symbol.asyncDispose]()
      return process.exit(0)
  }
}
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command
  try {
    await act(command)
    say({ event: 'done', did: command.do })
  } catch (error) {
    say({ event: 'failed', did: command.do, code: isRelayError(error) ? error.code : undefined, message: messageOf(error) })
  }
}

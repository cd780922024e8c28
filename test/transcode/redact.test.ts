import test from 'ava'
import { redact, redactCommand } from '../../relay/transcode/redact.ts'

const hides = test.macro({
  exec: (t, text: string, expected: string) => t.is(redact(text), expected),
  title: (_title, text: string) => `redacted: ${text}`,
})

test(hides, 'rtsp://cam:p@ss@10.0.0.2:554/one', 'rtsp://***@10.0.0.2:554/one')
test(hides, 'srt://host:9000?passphrase=sesame&mode=caller', 'srt://host:9000?passphrase=***&mode=***')
test(hides, "Opening 'https://host/a.m3u8?k=1&sig=2' for reading", "Opening 'https://host/a.m3u8?k=***&sig=***' for reading")
test(hides, 'rtmp://live.example.test/app/stream-key', 'rtmp://live.example.test/app/***')
test(hides, '/srv/films/a?b.ts', '/srv/films/a?b.ts')
test(hides, 'udp://239.0.0.1:1234', 'udp://239.0.0.1:1234')

test('an option that is a secret as a whole is hidden in the command', (t) => {
  t.is(redactCommand(['ffmpeg', '-headers', 'Authorization: Bearer x', '-i', 'http://h/']), 'ffmpeg -headers [redacted] -i http://h/')
})

import test from 'ava'
import fc from 'fast-check'
import { CHANNEL_ID_LETTERS, fromChannelId, toChannelId } from '../../relay/chunk/channel-id.ts'

test('a key comes back from its id', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const text = toChannelId(key)
      t.is(text.length, CHANNEL_ID_LETTERS)
      t.regex(text, /^[a-z2-7]{52}$/)
      t.deepEqual(fromChannelId(text), key)
    }),
  )
})

test('an id is base32 as in RFC 4648', (t) => {
  t.is(toChannelId(new TextEncoder().encode('foobar')), 'mzxw6ytboi')
})

test('text that is no id gives nothing', (t) => {
  const id = toChannelId(new Uint8Array(32))
  for (const text of ['', id.slice(1), `${id}a`, id.toUpperCase(), `1${id.slice(1)}`, `${id.slice(0, -1)}b`])
    t.is(fromChannelId(text), undefined)
  t.notThrows(() => fc.assert(fc.property(fc.string({ minLength: 52, maxLength: 52 }), (text) => void fromChannelId(text))))
})

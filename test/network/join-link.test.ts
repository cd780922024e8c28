import test from 'ava'
import fc from 'fast-check'
import { generateChannelKey } from '../../relay/chunk/keys.ts'
import { RelayError } from '../../relay/errors.ts'
import { encodeJoinLink, parseJoinLink, type JoinLink } from '../../relay/network/join-link.ts'
import { qrSvg, qrText } from '../../relay/network/qr.ts'

const link: JoinLink = {
  networkKey: generateChannelKey().publicKey,
  name: 'Nachbarschaft Süd',
  bootstrap: ['/ip4/203.0.113.1/tcp/4001/p2p/12D3KooWHV8F8LcUUfmVkj6JZ2ByiqCYjSUZRT5gj7xg8SLB8ogG'],
}
const text = encodeJoinLink(link)

const isRefused = (given: string): boolean => {
  try {
    parseJoinLink(given)
    return false
  } catch (error) {
    return error instanceof RelayError && error.code === 'join-link-invalid'
  }
}

test('a join link holds the network’s key, its name and where to begin', (t) => {
  const parsed = parseJoinLink(text)
  t.deepEqual(
    { ...parsed, networkKey: Buffer.from(parsed.networkKey).toString('hex') },
    { ...link, networkKey: Buffer.from(link.networkKey).toString('hex') },
  )
})

test('capitals and line breaks do no harm', (t) => {
  t.is(parseJoinLink(text.toUpperCase()).name, link.name)
  t.is(parseJoinLink(`  ${text.slice(0, 40)}\n   ${text.slice(40)}\n`).name, link.name)
})

test('every link comes back as it was', (t) => {
  const address = fc.string({ maxLength: 80 })
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.string({ maxLength: 60 }),
      fc.array(address, { maxLength: 8 }),
      (networkKey, name, bootstrap) => {
        const parsed = parseJoinLink(
          encodeJoinLink({ networkKey, name: name.toWellFormed(), bootstrap: bootstrap.map((each) => each.toWellFormed()) }),
        )
        return (
          Buffer.compare(parsed.networkKey, networkKey) === 0 &&
          parsed.name === name.toWellFormed() &&
          parsed.bootstrap.length === bootstrap.length
        )
      },
    ),
  )
  t.pass()
})

test('a link that is cut short anywhere is refused, and says so', (t) => {
  for (let length = 0; length < text.length; length += 1) t.true(isRefused(text.slice(0, length)), `${length} letters`)
  const error = t.throws(() => parseJoinLink(text.slice(0, -1)), { instanceOf: RelayError })
  t.regex(error.message, /cut short or mistyped/)
})

test('a mistyped letter is told', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 'tributary:'.length, max: text.length - 2 }),
      fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz234567')),
      (at, letter) => {
        const wrong = text.slice(0, at) + letter + text.slice(at + 1)
        return wrong === text || isRefused(wrong)
      },
    ),
  )
  t.true(isRefused(text.replace(/.$/, '!')))
})

test('what is no link at all is told from a damaged one', (t) => {
  t.regex(t.throws(() => parseJoinLink('https://example.org'))?.message ?? '', /not with "tributary:"/)
  t.true(isRefused(''))
  t.true(isRefused(`tributary:${'a'.repeat(10_000)}`))
})

test('a QR code is a square of half blocks, and an SVG of one path', (t) => {
  const lines = qrText(text).trimEnd().split('\n')
  const width = lines[0]?.length ?? 0
  t.true(lines.every((line) => line.length === width && /^[█▀▄ ]+$/.test(line)))
  t.is(lines.length, Math.ceil(width / 2))
  t.true(width < 100, 'it fits a terminal')
  t.regex(lines[0] ?? '', /^█+$/, 'there is light around it')
  t.regex(qrSvg(text), /^<svg [^>]*viewBox="0 0 (\d+) \1"/)
})

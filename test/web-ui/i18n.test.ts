import test from 'ava'
import { formatBytes, formatGap, formatLength, formatPercent, formatRate, formatSeconds, t as text } from '../../web-ui/i18n.ts'

test('holes are filled, and counts choose their form', (t) => {
  t.is(text('tv.playing', { channel: 'Orbit' }), 'Playing Orbit')
  t.is(text('channels.count', { count: 1 }), '1 channel')
  t.is(text('channels.count', { count: 2 }), '2 channels')
})

test('what is filled in is not filled again', (t) => {
  t.is(text('tv.playing', { channel: '{channel} {x}' }), 'Playing {channel} {x}')
})

test('the types ask for every hole, and for no text that is not there', (t) => {
  // @ts-expect-error: `channel` is missing
  t.is(text('tv.playing'), 'Playing {channel}')
  // @ts-expect-error: there is no such hole
  t.is(text('tv.playing', { channel: 'Orbit', tv: 'x' }), 'Playing Orbit')
})

test('sizes and rates have three digits at most and a decimal unit', (t) => {
  t.is(formatBytes(0), '0 B')
  t.is(formatBytes(999_600), '1 MB')
  t.is(formatBytes(1_840_000_000), '1.8 GB')
  t.is(formatRate(6_300_000), '6.3 Mbit/s')
  t.is(formatRate(123_400), '123 kbit/s')
  t.is(formatBytes(-1), '0 B')
})

test('lengths read like a clock', (t) => {
  t.is(formatLength(65), '1:05')
  t.is(formatLength(3_524), '58:44')
  t.is(formatLength(3_661), '1:01:01')
  t.is(formatLength(-3), '0:00')
})

test('gaps say tenths while they are short', (t) => {
  t.is(formatGap(0.44), '0.4 s')
  t.is(formatGap(12.3), '12 s')
  t.is(formatGap(59.9), '1 min')
  t.is(formatGap(71), '1 min 11 s')
})

test('a share that is small is not shown as none', (t) => {
  t.is(formatPercent(0), '0 %')
  t.is(formatPercent(0.00007), '0.007 %')
  t.is(formatPercent(0.421), '42 %')
  t.is(formatSeconds(1_420), '1.4')
})

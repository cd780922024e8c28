/**
 * The test card: a moving picture with the time of day in seven-segment digits, and a tone. The digits are boxes that are drawn at their
 * time, since a fresh machine has no font. Pure.
 */
import { OUTPUT_OPTIONS } from './ffmpeg-jobs.ts'
import type { FfmpegJob } from './ffmpeg-port.ts'
import type { TestCard } from './source-plan.ts'

const SECONDS_A_DAY = 86_400

/** Where a segment lies in a digit that is 4 wide and 7 high, and the digits that light it, as bits. */
const SEGMENTS = [
  { x: 0, y: 0, width: 4, height: 1, digits: [0, 2, 3, 5, 6, 7, 8, 9] },
  { x: 0, y: 0, width: 1, height: 4, digits: [0, 4, 5, 6, 8, 9] },
  { x: 3, y: 0, width: 1, height: 4, digits: [0, 1, 2, 3, 4, 7, 8, 9] },
  { x: 0, y: 3, width: 4, height: 1, digits: [2, 3, 4, 5, 6, 8, 9] },
  { x: 0, y: 3, width: 1, height: 4, digits: [0, 2, 6, 8] },
  { x: 3, y: 3, width: 1, height: 4, digits: [0, 1, 3, 4, 5, 6, 7, 8, 9] },
  { x: 0, y: 6, width: 4, height: 1, digits: [0, 2, 3, 5, 6, 8, 9] },
] as const

/** HH MM SS: the left edge of each digit, and its value out of the seconds of the day `ld(0)`, after so many seconds and modulo. */
const DIGITS = [
  { x: 1, every: 36_000, modulo: 10 },
  { x: 6, every: 3600, modulo: 10 },
  { x: 13, every: 600, modulo: 6 },
  { x: 18, every: 60, modulo: 10 },
  { x: 25, every: 10, modulo: 6 },
  { x: 30, every: 1, modulo: 10 },
] as const
const COLONS = [11, 23] as const
/** The panel behind the digits, in the same units. */
const PANEL = { width: 35, height: 9 } as const
/** The panel is this part of the picture's width. */
const PANEL_SHARE = 0.6
const COLOURS = ['white', 'yellow', 'cyan', 'lime', 'orange', 'violet', 'pink', 'skyblue'] as const

/** Slow colours are smooth: a sixteenth of the pixels, made larger, costs less and shows no difference. */
const GRADIENT_SHRINK = 4
const GRADIENT_COLOURS = ['0x0b3d4f', '0x2a9d8f', '0xe9c46a'] as const

/** The filters that make the moving picture. */
function movingPicture({ width, height, fps, picture }: TestCard): string[] {
  if (picture === 'test') return [`testsrc2=size=${width}x${height}:rate=${fps}`]
  const size = `${Math.ceil(width / GRADIENT_SHRINK)}x${Math.ceil(height / GRADIENT_SHRINK)}`
  const colours = GRADIENT_COLOURS.map((colour, index) => `c${index}=${colour}`).join(':')
  return [
    `gradients=size=${size}:rate=${fps}:speed=0.015:n=${GRADIENT_COLOURS.length}:${colours}`,
    `scale=${width}:${height}:flags=bicubic`,
    'setsar=1',
  ]
}

const colourOf = (name: string): string => {
  let sum = 0
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % COLOURS.length
  return COLOURS[sum] ?? 'white'
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** @param dayStart seconds of the day at which the picture begins */
function clockFilters(card: TestCard, dayStart: number): string[] {
  const unit = Math.max(1, Math.floor((card.width * PANEL_SHARE) / PANEL.width))
  const left = Math.floor((card.width - PANEL.width * unit) / 2)
  const top = Math.floor((card.height - PANEL.height * unit) / 2)
  const colour = colourOf(card.name)
  const box = (at: Box, paint: string, enable = ''): string =>
    `drawbox=x=${left + at.x * unit}:y=${top + at.y * unit}:w=${at.width * unit}:h=${at.height * unit}:color=${paint}:t=fill${enable}`
  const seconds = `mod(t+${dayStart},${SECONDS_A_DAY})`
  const segments = DIGITS.flatMap((digit) =>
    SEGMENTS.map((segment) => {
      const bits = segment.digits.reduce<number>((sum, value) => sum + 2 ** value, 0)
      const value = `mod(floor(${seconds}/${digit.every}),${digit.modulo})`
      return box({ ...segment, x: digit.x + segment.x, y: 1 + segment.y }, colour, `:enable='bitand(${bits},pow(2,${value}))'`)
    }),
  )
  const colons = COLONS.flatMap((x) => [box({ x, y: 3, width: 1, height: 1 }, colour), box({ x, y: 5, width: 1, height: 1 }, colour)])
  return [box({ x: 0, y: 0, ...PANEL }, 'black'), ...colons, ...segments]
}

/** @param dayStart seconds of the day now, for the clock on the card */
export function testCardJob(card: TestCard, dayStart: number): FfmpegJob {
  const picture = [...movingPicture(card), ...clockFilters(card, dayStart)].join(',')
  const rate = String(Math.round(card.rate))
  return {
    inputs: [
      { source: picture, options: ['-re', '-f', 'lavfi'] },
      { source: `sine=frequency=${card.tone}:sample_rate=48000`, options: ['-re', '-f', 'lavfi'] },
    ],
    options: [
      ['-map', '0:v', '-map', '1:a', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
      ['-b:v', rate, '-maxrate', rate, '-bufsize', rate, '-g', String(Math.round(card.fps)), '-sc_threshold', '0'],
      ['-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-metadata', `service_name=${card.name}`, '-metadata', 'service_provider=Tributary'],
      OUTPUT_OPTIONS,
    ].flat(),
    format: 'mpegts',
  }
}

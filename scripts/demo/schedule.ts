/** What is on in the demo: half-hour programmes from yesterday to the day after tomorrow. Pure. */
export interface DemoProgramme {
  readonly start: string
  readonly end: string
  readonly title: string
  readonly description: string
  readonly category: string
}

const HALF_HOUR_MS = 30 * 60_000
const DAY_MS = 86_400_000

const PROGRAMMES: Readonly<Record<string, readonly (readonly [title: string, description: string, category: string])[]>> = {
  clock: [
    ['The Time', 'A clock shows what time it is.', 'News'],
    ['More Time', 'It is still running.', 'News'],
    ['A Brief History of Seconds', 'Sixty of them, thirty times.', 'Documentary'],
  ],
  colours: [
    ['Bars and Tone', 'What television looked like at night.', 'Arts'],
    ['Red, Green, Blue', 'Three colours meet and become all the others.', 'Documentary'],
    ['The Moving Picture', 'Something moves from left to right.', 'Film'],
    ['Late Colours', 'The same, for those who are still up.', 'Arts'],
  ],
}

/** @param now ms since the Unix epoch */
export function demoSchedule(channel: string, now: number): DemoProgramme[] {
  const programmes = PROGRAMMES[channel] ?? []
  const first = Math.floor((now - DAY_MS) / HALF_HOUR_MS)
  return Array.from({ length: (3 * DAY_MS) / HALF_HOUR_MS }, (_, index) => {
    const slot = first + index
    const [title, description, category] = programmes[slot % programmes.length] ?? ['Test card', '', 'Arts']
    return {
      start: new Date(slot * HALF_HOUR_MS).toISOString(),
      end: new Date((slot + 1) * HALF_HOUR_MS).toISOString(),
      title,
      description,
      category,
    }
  })
}

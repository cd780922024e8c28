/** The longest first, so that it runs beside the others. */
const FIRST = /captures\.test\.ts$/

export default {
  files: ['test/e2e/**/*.test.ts'],
  extensions: ['ts'],
  timeout: '10m',
  // each file starts whole relays, media clients and encoders: two at a time is what two cores bear
  concurrency: 2,
  workerThreads: false,
  sortTestFiles: (one, other) => Number(FIRST.test(other)) - Number(FIRST.test(one)) || one.localeCompare(other),
}

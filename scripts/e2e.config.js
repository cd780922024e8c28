export default {
  files: ['test/e2e/**/*.test.ts'],
  extensions: ['ts'],
  timeout: '10m',
  // each file starts whole relays, media clients and encoders: one at a time on two cores
  concurrency: 1,
  workerThreads: false,
}

import { defineConfig } from 'vite'

/** TV browsers of 2019 and later: Tizen 5 is Chrome 63, webOS 5 is Chrome 68. */
const TARGET = ['chrome63', 'safari12', 'firefox67']

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  publicDir: 'public',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: TARGET,
    cssTarget: TARGET,
    // data: URLs and the polyfill's inline script would not pass the page's Content-Security-Policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // mpegts.js and hls.js are this large, and come only with a picture
    chunkSizeWarningLimit: 700,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: {
    proxy: { '/api': 'http://127.0.0.1:8080', '/live': 'http://127.0.0.1:8080', '^/recordings/[^/]+/file': 'http://127.0.0.1:8080' },
  },
})

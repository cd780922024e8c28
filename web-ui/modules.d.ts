/** The light build of hls.js has the full build's types, less what it leaves out. */
declare module 'hls.js/light' {
  export { default } from 'hls.js'
}
declare module '*.css' {}

/** The past that is kept of each channel, for late viewers and for peers: half a minute at 8 Mbit/s. */
export const WINDOW_BYTES = 32 * 2 ** 20

/**
 * How V8 paces its garbage collections. Chunks are memory outside of its heap, and by its own reckoning it would walk the whole heap for
 * every few megabytes of them: half the CPU of a relay at work. With this it waits until what it holds has doubled.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--heap-growing-percent=100')

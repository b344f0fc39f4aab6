import { setFlagsFromString } from 'node:v8'

/** How much a heap may grow beyond what a collection has left of it, in percent: V8 takes less where little is collected at a time. */
const growingPercent = 200

/**
 * Has the collector of V8 weigh the bytes outside its heap (values on their way through) together with the heap. By itself it
 * collects the whole heap for every 64 MiB of them, which takes half of the time where values are large. What a collection leaves is
 * small beside the values that pass in a second, so that the heap may grow to three times of it before the next one. V8 asks for both flags at
 * each collection, so they may be set while the process runs; a V8 that does not know one says so on standard error and goes on.
 */
export function tuneHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`)
}

import { setFlagsFromString } from 'node:v8'

/**
 * Has the collector of V8 weigh the bytes outside its heap (values on their way through) together with the heap. By itself it
 * collects the whole heap for every 64 MiB of them, which takes half of the time where values are large. V8 asks for the flag at
 * each allocation, so it may be set while the process runs; a V8 that does not know it says so on standard error and goes on.
 */
export function tuneHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}

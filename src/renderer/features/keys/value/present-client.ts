/** Lets a worker present values, so that a long text never holds up the window. Short ones are not worth the way. */

import type { PresentAnswer, PresentCall } from './present.worker.ts'
import workerUrl from './present.worker.ts?worker&url'
import type { Presented, PresentRequest } from './present-value.ts'
import { present } from './present-value.ts'
import { trustedWorkerUrl } from './trusted-worker-url.ts'

const directBytesMax = 16 * 1024

interface Waiting {
  readonly resolve: (presented: Presented) => void
  readonly reject: (error: Error) => void
}

let worker: Worker | undefined
let calls = 0
const waiting = new Map<number, Waiting>()

function start(): Worker {
  const started = new Worker(trustedWorkerUrl(workerUrl), { type: 'module' })
  started.addEventListener('message', (event: MessageEvent<PresentAnswer>) => {
    const answer = event.data
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('presented' in answer) call?.resolve(answer.presented)
    else call?.reject(new Error(answer.problem))
  })
  started.addEventListener('error', () => {
    // It could not start or broke: everybody who waits is told, and the next call starts another.
    worker = undefined
    for (const call of waiting.values()) call.reject(new Error('the worker that formats values stopped'))
    waiting.clear()
  })
  return started
}

/** The answer at once where that takes no time. */
export function presentNow(request: PresentRequest): Presented | undefined {
  return request.bytes.length <= directBytesMax || typeof Worker === 'undefined' ? present(request) : undefined
}

export async function presentLater(request: PresentRequest): Promise<Presented> {
  worker ??= start()
  calls += 1
  const call: PresentCall = { ...request, id: calls }
  const answer = Promise.withResolvers<Presented>()
  waiting.set(call.id, answer)
  worker.postMessage(call)
  return await answer.promise
}

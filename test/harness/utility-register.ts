/** Loaded before a module that runs in a utility process: gives it `process.parentPort`, over the channel of `fork`. */

import { EventEmitter } from 'node:events'
import type { ChildFrame } from './shim/child-protocol.ts'
import { MessagePortMain } from './shim/message-port-main.ts'

const ports = new Map<number, MessagePortMain>()

function send(frame: ChildFrame): void {
  if (process.connected) process.send?.(frame)
}

/** The end of a port that came from main: its other half lives there. */
function receivedPort(id: number): MessagePortMain {
  const [own, far] = MessagePortMain.pair()
  far.give({
    message: (data) => send({ kind: 'port-message', port: id, data }),
    close() {
      ports.delete(id)
      send({ kind: 'port-close', port: id })
    },
  })
  ports.set(id, far)
  return own
}

class ParentPort extends EventEmitter {
  /** As the real one: queued until somebody listens. */
  #waiting: { data: unknown; ports: MessagePortMain[] }[] = []

  postMessage(data: unknown): void {
    send({ kind: 'message', data, ports: [] })
  }

  deliver(event: { data: unknown; ports: MessagePortMain[] }): void {
    if (this.listenerCount('message') > 0) this.emit('message', event)
    else this.#waiting.push(event)
  }

  flush(): void {
    for (const event of this.#waiting.splice(0)) this.emit('message', event)
  }
}

const parentPort = new ParentPort()
const receive = (frame: ChildFrame): void => {
  if (frame.kind === 'message') parentPort.deliver({ data: frame.data, ports: frame.ports.map(receivedPort) })
  else if (frame.kind === 'port-message') ports.get(frame.port)?.fromOwner(frame.data)
  else ports.get(frame.port)?.close()
}
process.on('message', receive)
parentPort.on('newListener', (event) => {
  if (event === 'message') queueMicrotask(() => parentPort.flush())
})
// The channel keeps the process for as long as somebody listens.
parentPort.on('removeListener', () => {
  if (parentPort.listenerCount('message') === 0) process.channel?.unref()
})
// A utility process does not outlive the app.
process.on('disconnect', () => process.exit(1))
Object.defineProperty(process, 'parentPort', { value: parentPort })

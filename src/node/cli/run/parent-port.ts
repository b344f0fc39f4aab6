import type { MainMessage, NodeMessage } from '../../../ipc/supervision/node-messages.ts'
import { mainMessageSchema } from '../../../ipc/supervision/node-messages.ts'
import type { PortLike } from '../../../ipc/wire/port-channel.ts'

/** The port to main by its shape: `process.parentPort` of a utility process. */
export interface ParentPort {
  on(event: 'message', listener: (event: ParentMessage) => void): unknown
  removeAllListeners(event: 'message'): unknown
  postMessage(message: unknown): void
}

export interface ParentMessage {
  readonly data: unknown
  readonly ports: readonly PortLike[]
}

export interface Received {
  readonly message: MainMessage
  readonly ports: readonly PortLike[]
}

/** The port of this process to main; undefined where it was not started by an app. */
export function findParentPort(): ParentPort | undefined {
  const { parentPort } = process as NodeJS.Process & { readonly parentPort?: ParentPort | null }
  return parentPort ?? undefined
}

/** Main's end of the supervision, as the node sees it. Messages of another shape are dropped: main is of the same build. */
export class MainLink {
  readonly #port: ParentPort

  constructor(port: ParentPort) {
    this.#port = port
  }

  send(message: NodeMessage): void {
    this.#port.postMessage(message)
  }

  receive(listener: (received: Received) => void): void {
    this.#port.on('message', ({ data, ports }) => {
      const parsed = mainMessageSchema.safeParse(data)
      if (parsed.success) listener({ message: parsed.data, ports })
    })
  }

  /** Lets the process end once nothing else keeps it. */
  leave(): void {
    this.#port.removeAllListeners('message')
  }
}

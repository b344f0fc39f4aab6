import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import type { ForkOptions, UtilityProcess as RealProcess } from 'electron'
import { app } from './app.ts'
import type { ChildFrame } from './child-protocol.ts'
import { MessagePortMain } from './message-port-main.ts'

const childShim = pathToFileURL(join(import.meta.dirname, '../utility-register.ts')).href

class UtilityProcess extends EventEmitter implements Pick<RealProcess, 'pid' | 'stdout' | 'stderr' | 'postMessage' | 'kill'> {
  readonly #child: ChildProcess
  readonly #ports = new Map<number, MessagePortMain>()
  #given = 0

  constructor(child: ChildProcess) {
    super()
    this.#child = child
    child.on('message', (frame) => this.#receive(frame as ChildFrame))
    child.on('spawn', () => this.emit('spawn'))
    // Electron tells one number only; a signal is one above those that processes choose.
    child.on('close', (code, signal) => {
      for (const port of this.#ports.values()) port.close()
      this.#ports.clear()
      this.emit('exit', code ?? (signal === null ? 1 : 137))
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get stdout(): Readable | null {
    return this.#child.stdout
  }

  get stderr(): Readable | null {
    return this.#child.stderr
  }

  postMessage(data: unknown, transfer: readonly unknown[] = []): void {
    const ports = transfer.map((port) => {
      if (!(port instanceof MessagePortMain)) throw new TypeError('only ports are transferred')
      this.#given += 1
      const id = this.#given
      this.#ports.set(id, port)
      port.give({
        message: (message) => this.#send({ kind: 'port-message', port: id, data: message }),
        close: () => this.#send({ kind: 'port-close', port: id }),
      })
      return id
    })
    this.#send({ kind: 'message', data, ports })
  }

  kill(): boolean {
    return this.#child.kill()
  }

  #send(frame: ChildFrame): void {
    if (this.#child.connected) this.#child.send(frame, () => {})
  }

  #receive(frame: ChildFrame): void {
    if (frame.kind === 'message') this.emit('message', frame.data)
    else if (frame.kind === 'port-message') this.#ports.get(frame.port)?.fromOwner(frame.data)
    else {
      this.#ports.get(frame.port)?.close()
      this.#ports.delete(frame.port)
    }
  }
}

export const utilityProcess = {
  /** Every process that was started, for tests that end one. */
  started: [] as UtilityProcess[],

  fork(modulePath: string, args: string[] = [], options: ForkOptions = {}): UtilityProcess {
    if (!app.isReady()) throw new Error('utilityProcess.fork is for an app that is ready')
    const unknown = Object.keys(options).filter((name) => !['serviceName', 'stdio', 'env'].includes(name))
    if (unknown.length > 0) throw new Error(`the harness does not know the fork option ${unknown.join(', ')}`)
    const child = fork(modulePath, args, {
      execArgv: ['--import', childShim],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...(options.env as Record<string, string> | undefined) },
    })
    const utility = new UtilityProcess(child)
    utilityProcess.started.push(utility)
    return utility
  },
}

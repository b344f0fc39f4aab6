import { nodeContract } from '../../ipc/contract/node-contract.ts'
import { connectMemory } from '../../ipc/wire/memory-wire.ts'
import type { Connection, HostLink } from '../connection/connection-store.ts'
import { ConnectionStore } from '../connection/connection-store.ts'
import { openSession } from '../connection/open-session.ts'
import { DemoWorld, demoRouter } from './demo-router.ts'

const done = async () => null

function demoHost(): HostLink {
  return {
    capabilities: {
      host: 'browser',
      platform: navigator.platform,
      appVersion: '0.1.0',
      supervises: false,
      showsFiles: false,
      signsOut: true,
    },
    client: {
      node: {
        start: done,
        stop: done,
        restart: done,
        startSafely: done,
        startOnFreePort: done,
        startElsewhere: async () => false,
      },
      files: { show: done },
      openExternal: done,
      signOut: done,
    },
  }
}

/** A node in memory behind the same wire and contract as a real one. `lose` and `retry` play its absence and return. */
export class DemoConnection extends ConnectionStore implements Connection {
  readonly world = new DemoWorld()
  #wire: { readonly close: () => void } | undefined
  #pulse: ReturnType<typeof setInterval> | undefined
  #epoch = 0

  readonly start = (): void => {
    this.update({ host: demoHost(), signedInMs: Date.now() - 12 * 60_000 })
    this.#pulse = setInterval(() => this.world.events.tell('status'), 2000)
    void this.#open()
  }

  readonly stop = (): void => {
    clearInterval(this.#pulse)
    this.#wire?.close()
  }

  readonly retry = (): void => {
    void this.#open()
  }

  readonly signIn = async (): Promise<boolean> => true

  lose(): void {
    this.#wire?.close()
    this.update({ link: { state: 'lost', sinceMs: Date.now(), retryAtMs: Date.now() + 5000 } })
  }

  async #open(): Promise<void> {
    this.#epoch += 1
    this.#wire?.close()
    const wire = connectMemory(nodeContract, { router: demoRouter(this.world), context: {} })
    this.#wire = wire
    this.update(await openSession(wire.call, this.#epoch))
  }
}

import { nodeContract } from '../../ipc/contract/node-contract.ts'
import { connectMemory } from '../../ipc/wire/memory-wire.ts'
import { browserHost } from '../connection/browser-host.ts'
import type { Connection } from '../connection/connection-store.ts'
import { ConnectionStore } from '../connection/connection-store.ts'
import { openSession } from '../connection/open-session.ts'
import { DemoWorld, demoRouter } from './demo-router.ts'

type Router = ReturnType<typeof demoRouter>

/** The node in memory, with procedures that a test or the gallery answers otherwise. */
export class AlteredConnection extends ConnectionStore implements Connection {
  readonly world = new DemoWorld()
  readonly #alter: (router: Router, world: DemoWorld) => Router
  #wire: { readonly close: () => void } | undefined
  #epoch = 0

  constructor(alter: (router: Router, world: DemoWorld) => Router = (router) => router) {
    super()
    this.#alter = alter
  }

  readonly start = (): void => {
    this.update({ host: browserHost('0.1.0', async () => undefined) })
    void this.#open()
  }

  readonly stop = (): void => this.#wire?.close()

  readonly retry = (): void => void this.#open()

  readonly signIn = async (): Promise<boolean> => true

  lose(): void {
    this.#wire?.close()
    this.update({ link: { state: 'lost', sinceMs: Date.now() } })
  }

  async #open(): Promise<void> {
    this.#epoch += 1
    const wire = connectMemory(nodeContract, { router: this.#alter(demoRouter(this.world), this.world), context: {} })
    this.#wire = wire
    this.update(await openSession(wire.call, this.#epoch))
  }
}

import { nodeContract } from '../../../../src/ipc/contract/node-contract.ts'
import { connectMemory } from '../../../../src/ipc/wire/memory-wire.ts'
import { browserHost } from '../../../../src/renderer/connection/browser-host.ts'
import type { Connection } from '../../../../src/renderer/connection/connection-store.ts'
import { ConnectionStore } from '../../../../src/renderer/connection/connection-store.ts'
import { openSession } from '../../../../src/renderer/connection/open-session.ts'
import { DemoWorld, demoRouter } from '../../../../src/renderer/demo/demo-router.ts'

type Router = ReturnType<typeof demoRouter>

/** The node in memory, with procedures that a test answers otherwise. */
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

import { assert } from '../../../shared/assert.ts'
import type { NetworkSecret, NetworkSecrets } from '../payload/network-secrets.ts'

/** The secrets of a network as this node could open them: new blocks use the newest epoch. */
export class OpenedKeyRing implements NetworkSecrets {
  readonly #byEpoch: ReadonlyMap<number, NetworkSecret>
  readonly #current: NetworkSecret

  constructor(secrets: readonly NetworkSecret[]) {
    const [first] = secrets
    assert(first !== undefined, 'a network has a secret')
    this.#byEpoch = new Map(secrets.map((secret) => [secret.epoch, secret]))
    this.#current = secrets.reduce((newest, secret) => (secret.epoch > newest.epoch ? secret : newest), first)
  }

  current(): NetworkSecret {
    return this.#current
  }

  of(epoch: number): NetworkSecret | undefined {
    return this.#byEpoch.get(epoch)
  }
}

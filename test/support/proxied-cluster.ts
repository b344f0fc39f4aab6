import { join } from 'node:path'
import { freePorts } from './free-ports.ts'
import { ClusterMember, startMembers } from './process-cluster.ts'
import type { Passage } from './tcp-proxy.ts'
import { TcpProxy } from './tcp-proxy.ts'

const preload = join(import.meta.dirname, 'dial-from-process.ts')

/** Three nodes that reach each other through proxies only, one before each, which know who dials. */
export class ProxiedCluster implements AsyncDisposable {
  readonly members: readonly ClusterMember[]
  readonly #proxies: readonly TcpProxy[]

  private constructor(members: readonly ClusterMember[], proxies: readonly TcpProxy[]) {
    this.members = members
    this.#proxies = proxies
  }

  static async start(path: (name: string) => string): Promise<ProxiedCluster> {
    const ports = await freePorts(6)
    const proxies: TcpProxy[] = []
    const members: ClusterMember[] = []
    for (let index = 0; index < 3; index++) {
      const [grpcPort = 0, listenPort = 0] = ports.slice(index * 2)
      const proxy = new TcpProxy(listenPort)
      proxies.push(proxy)
      const advertised = `127.0.0.1:${await proxy.start()}`
      const environment = { MEMO_TEST_DIAL_FROM: sourceOf(index) }
      members.push(new ClusterMember({ data: path(`node-${index}`), grpcPort, listenPort, advertised, preload, environment }))
    }
    await startMembers(members)
    return new ProxiedCluster(members, proxies)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.filter(({ isUp }) => isUp).map((member) => member.kill()))
    await Promise.all(this.#proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
  }

  /** Bytes that had to wait so far. */
  get heldBytes(): number {
    return this.#proxies.reduce((sum, { heldBytes }) => sum + heldBytes, 0)
  }

  /** On the way between two nodes, whoever of them dialled. */
  between(one: number, other: number, passage: Partial<Passage>): void {
    this.#proxies[other]?.set(sourceOf(one), passage)
    this.#proxies[one]?.set(sourceOf(other), passage)
  }

  /** What `from` sends to `to` does not arrive, and what comes back does. */
  holdOneWay(from: number, to: number): void {
    this.#proxies[to]?.set(sourceOf(from), { isInwardHeld: true })
    this.#proxies[from]?.set(sourceOf(to), { isOutwardHeld: true })
  }

  /** Between a node and all others. */
  around(index: number, passage: Partial<Passage>): void {
    for (const other of [0, 1, 2]) if (other !== index) this.between(index, other, passage)
  }

  mend(): void {
    for (const one of [0, 1, 2]) this.around(one, {})
  }
}

/** Every address of 127.0.0.0/8 is this computer's own on Linux. */
function sourceOf(index: number): string {
  return `127.0.0.${11 + index}`
}

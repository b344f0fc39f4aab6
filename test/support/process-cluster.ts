import { freePorts } from './free-ports.ts'
import type { MemoProcess } from './memo-process.ts'
import { runMemo, startMemo } from './memo-process.ts'

export interface ClusterMemberOptions {
  readonly data: string
  readonly grpcPort: number
  readonly listenPort: number
  /** HOST:PORT that others are told in place of where it listens. */
  readonly advertised?: string
  readonly preload?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A node of a cluster of real processes, which comes back at the addresses that it had. */
export class ClusterMember {
  readonly data: string
  /** HOST:PORT for programs. */
  readonly grpc: string
  readonly #options: ClusterMemberOptions
  readonly #listen: string
  #process: MemoProcess | undefined

  constructor(options: ClusterMemberOptions) {
    this.#options = options
    this.data = options.data
    this.grpc = `127.0.0.1:${options.grpcPort}`
    this.#listen = `127.0.0.1:${options.listenPort}`
  }

  get process(): MemoProcess {
    if (this.#process === undefined) throw new Error(`the node of ${this.data} does not run`)
    return this.#process
  }

  get isUp(): boolean {
    return this.#process !== undefined
  }

  /** Where it is reached, as flags. */
  get places(): readonly string[] {
    const { advertised } = this.#options
    return ['--listen', this.#listen, ...(advertised === undefined ? [] : ['--advertise', advertised])]
  }

  /** Resolves when everything is served. */
  async start(): Promise<void> {
    const { preload, environment } = this.#options
    this.#process = await startMemo(this.data, {
      arguments: [...this.places, '--grpc', this.grpc],
      startTimeoutMs: 60_000,
      ...(preload !== undefined && { preload }),
      ...(environment !== undefined && { environment }),
    })
  }

  async kill(): Promise<void> {
    const { process } = this
    this.#process = undefined
    await process.kill()
  }

  /** Resolves with the exit code. */
  async terminate(): Promise<number | null> {
    const { process } = this
    this.#process = undefined
    return await process.terminate()
  }

  /** Founds a network in its directory. */
  async found(): Promise<void> {
    await ended(['cluster', 'create', 'office', '--data', this.data, '--json'])
  }

  /** Makes its directory that of a member. */
  async join(link: string): Promise<void> {
    await ended(['cluster', 'join', link, '--data', this.data, ...this.places, '--json'])
  }

  async invite(uses: number): Promise<string> {
    const { link } = await this.#asked<{ readonly link: string }>(['invite', '--auto', '--uses', String(uses)])
    return link
  }

  async nodes(): Promise<readonly MemberRow[]> {
    const { nodes } = await this.#asked<{ readonly nodes: readonly MemberRow[] }>(['nodes'])
    return nodes
  }

  async status(): Promise<ClusterStatus> {
    return await this.#asked<ClusterStatus>(['status'])
  }

  async #asked<Answer>(words: readonly string[]): Promise<Answer> {
    return JSON.parse(await ended(['cluster', ...words, '--grpc', this.grpc, '--json'])) as Answer
  }
}

export interface MemberRow {
  readonly nodeId: string
  readonly isSelf: boolean
  readonly state: string
}

export interface ClusterStatus {
  readonly nodes: Readonly<Record<'alive' | 'suspect' | 'dead' | 'left' | 'unknown', number>>
  readonly groupsPending: number
  readonly copiesPending: number | null
}

/** Members of one network, all of them running and known to each other. */
export async function startCluster(path: (name: string) => string, count = 3): Promise<readonly ClusterMember[]> {
  const ports = await freePorts(count * 2)
  const members = Array.from({ length: count }, (_, index) => {
    const [grpcPort = 0, listenPort = 0] = ports.slice(index * 2)
    return new ClusterMember({ data: path(`node-${index}`), grpcPort, listenPort })
  })
  await startMembers(members)
  return members
}

/** The first one founds the network and the others join it. */
export async function startMembers([first, ...others]: readonly ClusterMember[]): Promise<void> {
  if (first === undefined) throw new Error('a cluster has a member')
  await first.found()
  await first.start()
  const link = await first.invite(others.length)
  for (const member of others) await member.join(link)
  await Promise.all(others.map((member) => member.start()))
  await allAlive([first, ...others])
}

/** Resolves when each of them takes as many nodes for alive as there are of them. */
export async function allAlive(members: readonly ClusterMember[], timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (const member of members) {
    for (;;) {
      const { nodes } = await member.status()
      if (nodes.alive >= members.length) break
      if (Date.now() > deadline) throw new Error(`${member.data} does not see all others: ${JSON.stringify(nodes)}`)
    }
  }
}

async function ended(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runMemo(words)
  if (code !== 0) throw new Error(`memo ${words.join(' ')} ended with ${code}: ${stderr}`)
  return stdout.toString()
}

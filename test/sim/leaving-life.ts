/**
 * A world one of whose hosts goes for good while clients work: it is lost and evicted, evicted while it answers, leaves, or is drained and then
 * lost. It may come back, and is let in by nobody; another host may join meanwhile.
 */
import { equalBytes } from '../../src/node/core/base/bytes.ts'
import type { CallContext } from '../../src/node/engine/call-context.ts'
import type { StorageNode } from '../../src/node/engine/storage-node.ts'
import { CodedError, isCoded } from '../../src/shared/coded-error.ts'
import type { Profile } from './profile.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimCluster } from './sim-cluster.ts'
import type { SimHost } from './sim-host.ts'
import { Violation } from './violation.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface LeavingLifeParts {
  readonly cluster: SimCluster
  /** The one that goes; never the first, which is the owner's. */
  readonly goer: SimHost
  readonly profile: Profile
  readonly time: VirtualTime
  readonly random: SeededRandom
  readonly tell: (what: string) => void
  /** Faults begin, and end. */
  readonly trouble: { begin(): void; end(): void }
  /** Clients carry out so many operations. */
  readonly use: (operations: number) => Promise<void>
  /** Clients ask these hosts alone from here on. */
  readonly stayAt: (hosts: readonly SimHost[]) => void
  /** Reads everything at a host; false where a read was refused. */
  readonly readAll: (host: SimHost) => Promise<boolean>
}

interface Going extends LeavingLifeParts {
  readonly goerId: Uint8Array
  readonly staying: readonly SimHost[]
}

type Asked = 'done' | 'answers' | 'again'
type Ask = (node: StorageNode, context: CallContext) => Promise<unknown>

/** Clients work and rest while the host goes, so many times at most. */
const roundsMax = 5
const operationsOfRound = 40
const restMs = 1500
const operationsAfterwards = 40
const beginMs = 900
const callTimeoutMs = 3000
const leaveTimeoutMs = 10_000
const triesMax = 1500
const againMs = 60

/** Resolves when the host is of the network no more, or has its share again, and those that are of it are up and settled. */
export async function liveThroughLeaving(parts: LeavingLifeParts): Promise<void> {
  const { cluster, goer, profile, random, trouble, use, stayAt, readAll } = parts
  await cluster.grow()
  await cluster.settle()
  const members = cluster.active
  const goerId = goer.node?.status().identity.nodeId
  if (goerId === undefined) throw new Violation(`${goer.name} is down although nothing happened to it`)
  const going: Going = { ...parts, goerId, staying: members.filter((host) => host !== goer) }
  trouble.begin()
  let isOver = false
  const changing = Promise.all([go(going), profile.joining ? joinMeanwhile(going) : undefined]).finally(() => {
    isOver = true
  })
  // A failure is seen where it is waited for.
  changing.catch(() => undefined)
  for (let rounds = 0; rounds < roundsMax && !isOver; rounds++) {
    await use(operationsOfRound)
    await cluster.pause(random.between(0, restMs))
  }
  trouble.end()
  const [isGone] = await changing
  const joined = cluster.active.filter((host) => !members.includes(host))
  cluster.active = [...(isGone ? going.staying : members), ...joined]
  await cluster.settle()
  await epochsClose(cluster)
  if (isGone && !goer.isLost) {
    await isUp(cluster, goer)
    if (await readAll(goer)) throw new Violation(`${goer.name} is of the network no more, and reads are answered there`)
  }
  goer.isMember = !isGone
  stayAt(cluster.active)
  await use(operationsAfterwards)
}

/** False where it stays after all. */
async function go(going: Going): Promise<boolean> {
  const { cluster, profile, random } = going
  await cluster.pause(random.between(0, beginMs))
  switch (profile.leaving) {
    case 'eviction':
      await Promise.all([loseForGood(going, 40), evict(going)])
      return true
    case 'forced-eviction':
      await evict(going)
      return true
    case 'leave':
      await leave(going)
      return true
    case 'drain':
      return await drain(going)
    case 'none':
      throw new Violation('this is no world of a host that goes')
  }
}

/** It comes back in some worlds in a hundred, before it is evicted or later. */
async function loseForGood({ cluster, goer, random, tell }: Going, returns: number): Promise<void> {
  tell(`lost for good: ${goer.name}`)
  goer.isLost = true
  if (goer.isUp) goer.losePower({ keep: random.between(0, goer.disk.unsyncedBatches), torn: random.percent(50) })
  if (!random.percent(returns)) return
  await cluster.pause(random.between(0, 5000))
  tell(`${goer.name} comes back`)
  goer.isLost = false
  await comeUp(cluster, goer)
}

/** By the owner's node, and by force where it answers. */
async function evict(going: Going): Promise<void> {
  const { cluster, profile, goer, goerId, tell } = going
  let force = profile.leaving === 'forced-eviction'
  for (let tries = 0; tries < triesMax; tries++) {
    const [by] = cluster.hosts
    const told = await asked(going, by, (node, context) => node.cluster.evict(goerId, { force }, context))
    if (told === 'done') {
      tell(`${goer.name} is evicted`)
      return
    }
    force ||= told === 'answers' && !goer.isLost
    await cluster.pause(againMs)
  }
  throw new Violation(`${goer.name} cannot be evicted`)
}

/** Whatever interrupts it: it is asked to leave again. */
async function leave(going: Going): Promise<void> {
  const { cluster, goer, tell } = going
  for (let tries = 0; tries < triesMax; tries++) {
    const told = await asked(
      going,
      goer,
      async (node, context) => {
        for await (const { phase } of node.cluster.leave(context)) if (phase === 'left') return
        throw new Violation('a node says that it leaves no more, and has not left')
      },
      leaveTimeoutMs,
    )
    if (told === 'done' || isForgotten(going)) {
      tell(`${goer.name} has left`)
      return
    }
    await cluster.pause(againMs)
  }
  throw new Violation(`${goer.name} cannot leave`)
}

/** What was drained to the end may be lost with its disk. */
async function drain(going: Going): Promise<boolean> {
  const { cluster, goer, goerId, random, tell } = going
  const asks = random.percent(50) ? goer : cluster.hosts[0]
  const change = async (undo: boolean): Promise<void> => {
    for (let tries = 0; ; tries++) {
      const told = await asked(going, asks, (node, context) => node.cluster.drain(goerId, { undo }, context))
      if (told === 'done') break
      if (tries > triesMax) throw new Violation(`the draining of ${goer.name} cannot be changed`)
      await cluster.pause(againMs)
    }
    tell(`${goer.name} ${undo ? 'has its share again' : 'drains'}`)
  }
  await change(false)
  if (random.percent(30)) {
    await cluster.pause(random.between(0, 3000))
    await change(true)
    return false
  }
  for (let tries = 0; !isDrained(going); tries++) {
    if (tries > triesMax) throw new Violation(`${goer.name} never has nothing left`)
    await cluster.pause(againMs)
  }
  await Promise.all([loseForGood(going, 0), evict(going)])
  return true
}

async function joinMeanwhile({ cluster, staying, random }: Going): Promise<void> {
  const joining = cluster.hosts.at(-1)
  if (joining === undefined) return
  await cluster.pause(random.between(0, 2 * beginMs))
  cluster.active = [...staying, joining]
  await cluster.grow()
}

/** `answers`: the node is not evicted because it answers. What is refused for good is a violation. */
async function asked({ time }: Going, host: SimHost | undefined, ask: Ask, timeoutMs: number = callTimeoutMs): Promise<Asked> {
  if (host?.node === undefined) return 'again'
  const late = new AbortController()
  using _late = time.after(timeoutMs, () => late.abort(new CodedError('deadline-exceeded', 'no answer in time')))
  const { node, gone } = host
  const answer = ask(node, { signal: late.signal }).then(
    (): Asked => 'done',
    (error: unknown): Asked => {
      if (isCoded(error, 'invalid-argument') && error.message.startsWith('this node answer')) return 'answers'
      const isForGood =
        !(error instanceof CodedError) || ['internal', 'invalid-argument', 'permission-denied'].includes(error.code)
      if (isForGood) throw error
      return 'again'
    },
  )
  const told = await Promise.race([answer, gone])
  return told === 'gone' ? 'again' : told
}

/** Nobody of the others names it any more. */
function isForgotten({ staying, goerId }: Going): boolean {
  const statuses = staying.flatMap(({ node }) => (node === undefined ? [] : [node.cluster.status()]))
  return statuses.length > 0 && statuses.every(({ nodes }) => !nodes.some(({ nodeId }) => equalBytes(nodeId, goerId)))
}

/** As one that stays knows. */
function isDrained({ staying, goerId }: Going): boolean {
  const nodes = staying.flatMap(({ node }) => node?.cluster.status().nodes ?? [])
  return nodes.some(({ nodeId, isDraining, drainLeft }) => equalBytes(nodeId, goerId) && isDraining && drainLeft === 0)
}

async function epochsClose(cluster: SimCluster): Promise<void> {
  for (let tries = 0; cluster.active.some(({ node }) => node?.cluster.status().openEpochs !== 1); tries++) {
    if (tries > triesMax) throw new Violation('epochs stay open although everybody who is to report is there')
    await cluster.pause(againMs)
  }
}

/** A full disk, or an index that is damaged meanwhile, may refuse a start. */
async function comeUp(cluster: SimCluster, host: SimHost): Promise<void> {
  while (!host.isUp && !host.isLost) {
    try {
      await host.start()
    } catch (error) {
      if (!isCoded(error, 'storage-full') && !isCoded(error, 'data-corrupt')) throw error
      await cluster.pause(againMs)
    }
  }
}

async function isUp(cluster: SimCluster, host: SimHost): Promise<void> {
  for (let tries = 0; host.node === undefined; tries++) {
    if (tries > triesMax) throw new Violation(`${host.name} does not come back`)
    await cluster.pause(againMs)
  }
}

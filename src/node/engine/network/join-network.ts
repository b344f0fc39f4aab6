import { CodedError } from '../../../shared/coded-error.ts'
import type { InviteLink } from '../../core/access/invite-link.ts'
import { parseInviteLink } from '../../core/access/invite-link.ts'
import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import { signNodeRecord } from '../../core/access/node-record.ts'
import { nodeIdOf } from '../../core/access/user-keys.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import { decodeJoinAnswer, encodeJoinRequest, signJoinRequest, verifyJoinAnswer } from '../../core/overlay/join-messages.ts'
import type { NodePorts } from '../../ports/node-ports.ts'
import type { PeerHandler, Transport } from '../../ports/transport.ts'
import { knownNodeWrites } from '../cluster/known-nodes-file.ts'
import { JoinHelloDesk } from './join-hello-desk.ts'
import { sectionsByName } from './load-network.ts'
import { forcedRecoveries } from './network-facts.ts'
import { joiningEnded, readNetworkRecord, writeJoining, writeNetworkRecord } from './network-record.ts'
import { makeNodeKeys } from './node-keys.ts'
import { writeOwnPassport } from './own-passport.ts'
import { writeRootCopy } from './root-copy.ts'

export interface JoinPorts extends Pick<NodePorts, 'clock' | 'random' | 'crypto' | 'keyVault' | 'store' | 'logger'> {
  readonly transport: Transport
  readonly limits: Limits
}

export interface JoinOptions {
  /** `memo://join/...` */
  readonly link: string
  /** What people call the machine. */
  readonly machineName: string
  /** Where others will reach this node; empty where that is not known yet. */
  readonly endpoints: readonly string[]
  readonly zone: string
  readonly labels: readonly string[]
  /** The version of this program. */
  readonly software: string
}

/** A node that is not of the network yet answers nobody. */
const silentHandler: PeerHandler = {
  connected: () => undefined,
  disconnected: () => undefined,
  message: () => undefined,
  request: () => Promise.reject(noMember()),
  stream: () => Promise.reject(noMember()),
  join: () => Promise.reject(noMember()),
}

/**
 * Makes an empty store that of a node of the network that the link invites to. Either all of it is durable, or nothing but that the store
 * is to join it. Errors: `invalid-argument` (the link, or the directory belongs to a network), `unavailable` (nobody answers),
 * `permission-denied` (the invite is spent, expired or unknown), `signature-invalid` (the answer does not hold).
 */
export async function joinNetwork(
  ports: JoinPorts,
  options: JoinOptions,
  signal: AbortSignal,
): Promise<{ readonly networkName: string; readonly networkId: Uint8Array }> {
  const parsed = parseInviteLink(options.link)
  if (parsed.kind === 'refused') throw new CodedError('invalid-argument', parsed.message)
  const { invite } = parsed
  const { crypto, clock, store, limits } = ports
  if ((await readNetworkRecord(store)) !== undefined) {
    throw new CodedError('invalid-argument', 'this data directory belongs to a network already; join with an empty one')
  }
  const keys = await makeNodeKeys(ports)
  const { signing, agreement } = keys.user
  const terms = {
    networkId: invite.networkId,
    token: invite.token,
    userKey: signing.publicKey,
    userAgreementKey: agreement.publicKey,
    machineName: options.machineName,
    record: firstRecord(ports, options, invite, keys.node),
  }
  const body = encodeJoinRequest(signJoinRequest(keys.node, signing, terms))
  // A start before the join has ended would found another network here.
  await store.commit([writeJoining(invite.networkName)], { space: 'reserve' })
  const bytes = await ask(ports, invite, keys.node, body, signal)
  const answer = decodeJoinAnswer(bytes)
  if (answer === undefined) throw new CodedError('signature-invalid', 'the answer of the inviting node cannot be read')
  const expected = {
    networkId: invite.networkId,
    nodeKey: keys.node.publicKey,
    userKey: signing.publicKey,
    userAgreementKey: agreement.publicKey,
    nowMs: clock.nowMs(),
    skewToleranceMs: limits.clockSkewMaxMs,
  }
  const verdict = verifyJoinAnswer(crypto, expected, answer)
  if (verdict.kind === 'refused') {
    throw new CodedError('signature-invalid', `the answer of the inviting node does not hold (${verdict.reason})`)
  }
  const recoveries = forcedRecoveries(crypto, verdict.descriptor, sectionsByName(answer.root.sections))
  if (recoveries === undefined) {
    throw new CodedError('signature-invalid', 'the answer of the inviting node does not hold (recoveries)')
  }
  const writes = [
    writeNetworkRecord({ networkId: invite.networkId, recovery: recoveries.at(-1)?.proof.number ?? 0 }),
    writeRootCopy(answer.root),
    joiningEnded,
    writeOwnPassport(answer.chain),
    ...knownNodeWrites(answer.nodes),
  ]
  await store.commit(writes, { space: 'reserve' })
  return { networkName: verdict.descriptor.foundation.name, networkId: invite.networkId }
}

async function ask(
  { transport, crypto, clock, limits }: JoinPorts,
  invite: InviteLink,
  node: ConstructorParameters<typeof JoinHelloDesk>[0]['node'],
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { networkId, inviter, endpoints } = invite
  await transport.start(new JoinHelloDesk({ crypto, clock, node, networkId, limits, inviter }), silentHandler)
  const inviterId = Uint8Array.from(inviter)
  inviterId[inviterId.length - 1] = 0
  return await transport.askToJoin(inviterId, endpoints, body, signal)
}

/** What the node says of itself before its first start: who it is, and the directory that it will run on. */
function firstRecord(
  { crypto, store, clock }: JoinPorts,
  { endpoints, zone, labels, software }: JoinOptions,
  { networkId }: InviteLink,
  node: Parameters<typeof signNodeRecord>[0],
): SignedNodeRecord {
  const { storeId, bootCount } = store.identity
  const usage = store.usage()
  return signNodeRecord(node, networkId, {
    nodeId: nodeIdOf(crypto, node.publicKey),
    nodeKey: node.publicKey,
    endpoints,
    capacityBytes: Math.min(Number.MAX_SAFE_INTEGER, usage.diskBytes + usage.diskFreeBytes),
    freeBytes: usage.diskFreeBytes,
    zone,
    labels,
    storing: true,
    software,
    storeId,
    bootCount,
    syncedPosition: usage.syncedPosition,
    incarnation: 0,
    issued: hlcFromMs(clock.nowMs()),
  })
}

function noMember(): CodedError {
  return new CodedError('unavailable', 'this node is not of the network yet')
}

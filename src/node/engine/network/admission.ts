import { CodedError } from '../../../shared/coded-error.ts'
import type { InviteLink } from '../../core/access/invite-link.ts'
import { formatInviteLink, inviteTokenBytes, inviteTokenHash } from '../../core/access/invite-link.ts'
import { issuePassport } from '../../core/access/issue-passport.ts'
import type { SignedNodeRecord } from '../../core/access/node-record.ts'
import type { PassportChain } from '../../core/access/passport.ts'
import { passportSerialBytes } from '../../core/access/passport.ts'
import { isTakenOut } from '../../core/access/revocation.ts'
import type { Rights } from '../../core/access/rights.ts'
import { equalBytes } from '../../core/base/bytes.ts'
import type { Limits } from '../../core/base/limits.ts'
import { sealTo } from '../../core/block/sealing.ts'
import type { AdmissionSection } from '../../core/overlay/admission-section.ts'
import { addInvite, dropExpired, encodeAdmission, spendInvite } from '../../core/overlay/admission-section.ts'
import type { JoinRequest } from '../../core/overlay/join-messages.ts'
import { decodeJoinRequest, encodeJoinAnswer, isGenuineJoinRequest, joinNodesMax } from '../../core/overlay/join-messages.ts'
import { mayOpen, openEpochs } from '../../core/overlay/open-epochs.ts'
import { defaultWeight, encodePlacement, placeOf, withPlace, withStoreId } from '../../core/overlay/placement-map.ts'
import { decodeKeyRing, encodeKeyRing } from '../../core/overlay/root-bodies.ts'
import { keyRingSection, placementSection, rootSectionNames } from '../../core/overlay/root-section.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Crypto } from '../../ports/crypto.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Random } from '../../ports/random.ts'
import type { NodeClock } from '../clock/node-clock.ts'
import { Deadline } from '../deadline.ts'
import type { NetworkFacts, Sections } from './network-facts.ts'
import { bodyOf } from './network-facts.ts'
import type { NetworkView } from './network-view.ts'
import type { NodeKeys } from './node-keys.ts'
import type { RootKeeper, SectionWish } from './root-keeper.ts'
import { secretContext } from './secret-context.ts'

export interface AdmissionParts {
  readonly crypto: Crypto
  readonly random: Random
  readonly clock: Clock
  readonly hybridClock: NodeClock
  readonly limits: Limits
  readonly logger: Logger
  readonly keys: NodeKeys
  readonly view: NetworkView
  readonly root: RootKeeper
  readonly chain: () => PassportChain
  /** Where nodes of the network are, this one first. */
  readonly records: () => readonly SignedNodeRecord[]
  readonly signal: AbortSignal
}

/** What a node may do that came by an invite: all but administering the network. */
const joinedRights: Rights = { read: true, write: true, store: true, invite: true, administer: false }
const refusedUse = {
  unknown: 'this invite is not known to the network, or its time is long over',
  spent: 'this invite has been used as often as it may be',
  expired: 'the time of this invite is over',
} as const

/** Admits nodes: makes invites, and answers who comes with one. Every use is a commit, so a token is spent once whoever serves it. */
export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Rejects with `unavailable`, `permission-denied` or `limit-exceeded`. */
  async invite(
    options: { readonly uses: number; readonly validityMs: number },
    endpoints: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly link: string; readonly expiresMs: number }> {
    const { crypto, random, clock, hybridClock, keys, view, root } = this.#parts
    if (!this.#mayInvite()) throw new CodedError('permission-denied', 'the passport of this node does not let it invite')
    if (endpoints.length === 0) {
      throw new CodedError(
        'unavailable',
        'this node listens for no others: start it with --listen HOST:PORT; nothing was changed',
      )
    }
    const token = random.bytes(inviteTokenBytes)
    const expiresMs = Math.floor(clock.nowMs()) + options.validityMs
    const facts = { rights: joinedRights, usesLeft: options.uses, usedCount: 0, expiresMs, auto: true }
    const invite = {
      ...facts,
      tokenHash: inviteTokenHash(crypto, token),
      issuer: keys.user.signing.publicKey,
      created: hybridClock.next(),
    }
    await root.change(({ admission }) => {
      const isMade = admission.invites.some(({ tokenHash }) => equalBytes(tokenHash, invite.tokenHash))
      if (isMade) return undefined
      const next = addInvite(dropExpired(admission, clock.nowMs()), invite)
      if (next === undefined) throw new CodedError('limit-exceeded', 'the network has too many open invites; nothing was changed')
      return [admissionWish(next)]
    }, signal)
    const { foundation } = view.facts.descriptor
    const link: InviteLink = {
      networkId: view.networkId,
      networkName: foundation.name,
      inviter: crypto.sha256(keys.node.publicKey),
      endpoints,
      token,
    }
    return { link: formatInviteLink(link), expiresMs }
  }

  /** The one request of a joiner. */
  async admit(body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { crypto, view, root, logger } = this.#parts
    const request = decodeJoinRequest(body)
    if (request === undefined || !isGenuineJoinRequest(crypto, view.networkId, request)) {
      throw new CodedError('signature-invalid', 'this request to join cannot be read, or its signatures do not hold')
    }
    await root.change((facts, sections) => this.#admitting(request, facts, sections), signal)
    const chain = this.#passportFor(request)
    const copy = await root.copy(signal)
    logger.info('admitted a node', { epoch: view.epoch })
    const nodes = this.#parts.records().slice(0, joinNodesMax)
    return encodeJoinAnswer({ chain, root: copy, nodes })
  }

  /** This node runs on another data directory than the one that the map names. */
  async renewStore(storeId: Uint8Array, nodeId: Uint8Array): Promise<void> {
    const { root, clock, limits, signal } = this.#parts
    using deadline = new Deadline(clock, limits.callTimeoutMs, signal)
    await root.change(({ placement }) => {
      const next = withStoreId(placement, nodeId, storeId)
      return next === undefined ? undefined : [placementWish(next)]
    }, deadline.signal)
  }

  /** What has to be changed for the node to be of the network; nothing where it is already, because its answer was lost. */
  #admitting(request: JoinRequest, facts: NetworkFacts, sections: Sections): readonly SectionWish[] | undefined {
    const { crypto, clock } = this.#parts
    const { placement, admission, maps } = facts
    const { record } = request
    const known = placeOf(placement, record.nodeId)
    const tokenHash = inviteTokenHash(crypto, request.token)
    if (known !== undefined && equalBytes(known.storeId, record.storeId)) {
      const isInvited = admission.invites.some((invite) => equalBytes(invite.tokenHash, tokenHash))
      if (isInvited) return undefined
      throw new CodedError('permission-denied', refusedUse.unknown)
    }
    if (isTakenOut(record.nodeId, admission.revocations)) {
      throw new CodedError(
        'permission-denied',
        'the node with this key was taken out of the network: join with an empty data directory',
      )
    }
    if (known !== undefined) throw new CodedError('permission-denied', 'a node with this key is of the network already')
    const use = spendInvite(admission, tokenHash, clock.nowMs())
    if (use.kind === 'refused') throw new CodedError('permission-denied', refusedUse[use.reason])
    const epochs = openEpochs(maps)
    if (epochs === undefined || !mayOpen(epochs, 'other')) {
      throw new CodedError('unavailable', 'the network is still moving blocks because of earlier changes; try again later')
    }
    const place = {
      nodeId: record.nodeId,
      storeId: record.storeId,
      weight: defaultWeight,
      zone: record.zone,
      labels: record.labels,
    }
    const next = withPlace(placement, place)
    if (next === undefined || next === 'full')
      throw new CodedError('limit-exceeded', 'the network has as many nodes as it may have')
    return [admissionWish(use.section), placementWish(next), ...this.#ringWishes(request, facts, sections)]
  }

  /** The network's secrets, sealed to the user of the joiner. */
  #ringWishes(request: JoinRequest, { secrets }: NetworkFacts, sections: Sections): readonly SectionWish[] {
    const { crypto, random, view } = this.#parts
    return secrets.map(({ epoch, key }) => {
      const name = keyRingSection(epoch)
      const ring = decodeKeyRing(bodyOf(sections, name) ?? new Uint8Array(0)) ?? []
      const ephemeral = crypto.agreementKey(random.bytes(32))
      const sealed = sealTo(crypto, request.userAgreementKey, ephemeral, secretContext(view.networkId, epoch), key)
      if (sealed === undefined) throw new CodedError('invalid-argument', 'the agreement key of this request is no key')
      const others = ring.filter(({ member }) => !equalBytes(member, request.userAgreementKey))
      return { name, body: encodeKeyRing([...others, { member: request.userAgreementKey, sealed }]) }
    })
  }

  #passportFor(request: JoinRequest): PassportChain {
    const { clock, random, limits, keys, view } = this.#parts
    const nowMs = Math.floor(clock.nowMs())
    const chain = issuePassport(
      { signer: keys.user.signing, owner: view.owner, chain: this.#parts.chain() },
      {
        networkId: view.networkId,
        userKey: request.userKey,
        userAgreementKey: request.userAgreementKey,
        nodeKey: request.record.nodeKey,
        rights: joinedRights,
        notBeforeMs: nowMs - limits.clockSkewMaxMs,
        notAfterMs: nowMs + limits.passportValidityMs,
        serial: random.bytes(passportSerialBytes),
      },
    )
    if (chain === undefined) throw new CodedError('permission-denied', 'the passport of this node does not let it admit others')
    return chain
  }

  #mayInvite(): boolean {
    const { keys, view, chain } = this.#parts
    return equalBytes(keys.user.signing.publicKey, view.owner) || chain()[0]?.rights.invite === true
  }
}

export function admissionWish(section: AdmissionSection): SectionWish {
  return { name: rootSectionNames.admission, body: encodeAdmission(section) }
}

export function placementWish(map: Parameters<typeof encodePlacement>[0]): SectionWish {
  return { name: placementSection(map.epoch), body: encodePlacement(map) }
}

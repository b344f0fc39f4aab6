/** Vectors of who is who between nodes: passports, bindings, records, hellos, invites and admission. */

import { bindingStatement, signBinding } from '../../src/node/core/access/certificate-binding.ts'
import { encodeHello } from '../../src/node/core/access/hello.ts'
import { formatInviteLink, inviteTokenHash } from '../../src/node/core/access/invite-link.ts'
import { encodeNodeRecord, nodeRecordStatement } from '../../src/node/core/access/node-record.ts'
import { encodePassport, encodePassportChain, passportStatement } from '../../src/node/core/access/passport.ts'
import { noRights } from '../../src/node/core/access/rights.ts'
import { hlcFromMs } from '../../src/node/core/base/hybrid-clock.ts'
import { bornGroup } from '../../src/node/core/consensus/group.ts'
import { addInvite, encodeAdmission, noAdmission, revoke } from '../../src/node/core/overlay/admission-section.ts'
import { encodeJoinAnswer, encodeJoinRequest, joinStatement, signJoinRequest } from '../../src/node/core/overlay/join-messages.ts'
import {
  encodeRecoveryProof,
  encodeRecoveryRecord,
  recoveryStatement,
  signRecovery,
} from '../../src/node/core/overlay/recovery-record.ts'
import { rootSectionNames } from '../../src/node/core/overlay/root-section.ts'
import {
  channel,
  crypto,
  dayMs,
  filled,
  inviter,
  member,
  networkId,
  nodeRecord,
  nowMs,
  owner,
  passport,
} from '../support/identities.ts'
import type { VectorFile } from './vectors.ts'

const rights = { ...noRights, read: true, store: true }
const below = passport(inviter, member, { rights, notAfterMs: nowMs + dayMs })
const chain = [below, passport(owner, inviter)]
const record = nodeRecord(member)
const versions = { least: 1, newest: 1 }
const bound = { networkId, channel, validUntilMs: nowMs + dayMs }
const recovery = signRecovery(
  { crypto, signer: owner.user.signing },
  { networkId, number: 1, epoch: 8, recoveredMs: nowMs, survivor: { nodeId: record.nodeId, storeId: record.storeId } },
  [{ nodeId: filled(0x21, 32), storeId: filled(0x22, 16) }],
)
const binding = signBinding(crypto, member.node, bound)
const token = filled(0x70, 16)
const issuer = inviter.user.signing.publicKey

export function identities(): VectorFile {
  const { issuer: by, signature, ...terms } = below
  const shown = { chain: [passport(owner, member)], record, newestEpoch: 7, revocationVersion: 2, nowMs }
  const facts = { ...shown, recoveries: [encodeRecoveryProof(recovery.proof)] }
  return {
    about:
      'Who speaks: a passport and a chain, the binding of a key to a channel, the record of a node, and both kinds of hello.',
    vectors: [
      {
        passport: { ...terms, issuer: by },
        key: by,
        statement: passportStatement(terms, by),
        signature,
        encoded: encodePassport(below),
      },
      { chain: chain.map((each) => encodePassport(each)), encoded: encodePassportChain(chain) },
      {
        binding: bound,
        key: member.node.publicKey,
        statement: bindingStatement(crypto, member.node.publicKey, bound),
        signature: binding.signature,
      },
      {
        nodeRecord: record,
        key: record.nodeKey,
        statement: nodeRecordStatement(networkId, record),
        signature: record.signature,
        encoded: encodeNodeRecord(record),
      },
      { hello: 'member', ...facts, encoded: encodeHello({ kind: 'member', networkId, versions, binding, ...facts }) },
      {
        recovery: recovery.proof,
        takenOut: recovery.takenOut,
        key: recovery.proof.administrator,
        signature: recovery.proof.signature,
        statement: recoveryStatement(recovery.proof, recovery.proof.administrator),
        proof: encodeRecoveryProof(recovery.proof),
        encoded: encodeRecoveryRecord(recovery),
      },
      { hello: 'join', encoded: encodeHello({ kind: 'join', networkId, versions, binding, nodeKey: member.node.publicKey }) },
    ],
  }
}

export function admissions(): VectorFile {
  const invite = {
    tokenHash: inviteTokenHash(crypto, token),
    rights,
    usesLeft: 2,
    usedCount: 1,
    expiresMs: nowMs + dayMs,
    auto: true,
    issuer,
    created: hlcFromMs(nowMs),
  }
  const revocation = { kind: 'serial', value: below.serial, at: hlcFromMs(nowMs) + 1n, by: issuer } as const
  const invited = addInvite(noAdmission, invite) ?? noAdmission
  const section = revoke(invited, revocation) ?? invited
  const link = {
    networkId,
    networkName: 'Küche',
    inviter: crypto.sha256(inviter.node.publicKey),
    endpoints: record.endpoints,
    token,
  }
  const terms = {
    networkId,
    token,
    userKey: below.userKey,
    userAgreementKey: below.userAgreementKey,
    machineName: 'Büro',
    record,
  }
  const request = signJoinRequest(member.node, member.user.signing, terms)
  const changed = { version: 3n, revision: hlcFromMs(nowMs) + 2n, session: filled(0x71, 16), sequence: 4n, body: filled(0x61, 3) }
  const group = bornGroup([{ nodeId: record.nodeId, storeId: record.storeId }])
  const root = { index: 9, group, sections: [{ name: rootSectionNames.descriptor, section: changed }] }
  const answer = { chain, root, nodes: [record] }
  return {
    about:
      'How a node comes in: the link, the hash of its token, the admission section with an invite and a revocation, request and answer.',
    vectors: [
      { link, text: formatInviteLink(link) },
      { token, tokenHash: invite.tokenHash },
      { section, encoded: encodeAdmission(section) },
      {
        request: terms,
        key: record.nodeKey,
        statement: joinStatement(terms),
        signature: request.nodeSignature,
        encoded: encodeJoinRequest(request),
      },
      { request: 'the same', key: below.userKey, statement: joinStatement(terms), signature: request.userSignature },
      { answer, encoded: encodeJoinAnswer(answer) },
    ],
  }
}

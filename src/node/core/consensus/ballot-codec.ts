/**
 * Members, groups and ballots as fields of the records that hold them. docs/PROTOCOL.md, Consensus record, states them.
 *
 * Invariant: readers bound lengths and counts; whether a group or a ballot is well-formed is asked by who reads it.
 */

import type { CanonicalReader, CanonicalWriter } from '../base/canonical-codec.ts'
import type { Ballot } from './ballot.ts'
import type { Group, Member } from './group.ts'
import { groupMembersMax, nodeIdBytes, storeIdBytes } from './group.ts'

export function writeGroup(writer: CanonicalWriter, group: Group): void {
  writer.uint(group.index).list(group.members, writeMember).list(group.learners, writeMember)
}

export function readGroup(reader: CanonicalReader): Group {
  return {
    index: reader.uint(),
    members: reader.list(groupMembersMax, readMember),
    learners: reader.list(groupMembersMax, readMember),
  }
}

export function writeBallot(writer: CanonicalWriter, ballot: Ballot): void {
  writer.uint(ballot.recovery).uint(ballot.round).uint(ballot.bootCount)
  writeMember(ballot, writer)
}

export function readBallot(reader: CanonicalReader): Ballot {
  const recovery = reader.uint()
  const round = reader.uint()
  const bootCount = reader.uint()
  return { recovery, round, bootCount, nodeId: reader.fixed(nodeIdBytes), storeId: reader.fixed(storeIdBytes) }
}

function writeMember(member: Member, writer: CanonicalWriter): void {
  writer.bytes(member.nodeId).bytes(member.storeId)
}

function readMember(reader: CanonicalReader): Member {
  return { nodeId: reader.fixed(nodeIdBytes), storeId: reader.fixed(storeIdBytes) }
}

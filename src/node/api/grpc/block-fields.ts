/** Fields of memo.vs blocks that nobody may fill: an answer of OK to them would claim what this node does not do. */

import { CodedError } from '../../../shared/coded-error.ts'
import type { CallerBlockKind } from '../../engine/block/block-service.ts'
import type { Block } from './generated/memo/vs/memo_vs_pb.js'

const signatureBytes = 64

type Field = Exclude<keyof Block, '$typeName' | '$unknown'>

/** Of the original memo, kept on the wire for its clients and never filled in what this node answers. */
const unsupported = {
  ownerKeyRsa: 'owner_key_rsa',
  keyKoh: 'key_koh',
  editor: 'editor',
  ownerToken: 'owner_token',
  acl: 'acl',
  dataVersion: 'data_version',
  dataSignature: 'data_signature',
  worldReadable: 'world_readable',
  worldWritable: 'world_writable',
  groupAcl: 'group_acl',
  groupVersion: 'group_version',
  deleted: 'deleted',
  sealVersion: 'seal_version',
  nextSealVersion: 'next_seal_version',
} as const satisfies Partial<Record<Field, string>>

/** Throws `invalid-argument` with the name of a field that cannot be honoured. What Make calls and Fetch answer passes whole. */
export function checkFields(block: Block, kind: CallerBlockKind, purpose: 'insert' | 'update'): void {
  for (const [field, name] of Object.entries(unsupported)) {
    if (isFilled(block[field as keyof typeof unsupported])) throw refusal(name, 'is not supported: leave it out')
  }
  checkSignature(block, kind)
  if (purpose === 'insert' && block.version > 0n && block.generation === 0n) {
    throw refusal('version', `is ${block.version}; a new block begins with version 0: send it as the Make call answered it`)
  }
}

function checkSignature({ signature, version }: Block, kind: CallerBlockKind): void {
  if (signature.length === 0) return
  if (kind === 'content') throw refusal('signature', 'is filled; a content block has none')
  if (version < 0n) throw refusal('signature', 'is filled; a block that was not stored yet has none')
  if (signature.length !== signatureBytes) {
    throw refusal('signature', `has ${signature.length} bytes; it must have 0 or ${signatureBytes}`)
  }
}

function isFilled(value: Block[keyof typeof unsupported]): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true
  if (typeof value === 'bigint') return value !== 0n
  return 'length' in value ? value.length > 0 : true
}

function refusal(field: string, why: string): CodedError {
  return new CodedError('invalid-argument', `block.${field} ${why}`)
}

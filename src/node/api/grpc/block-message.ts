/** Blocks as memo.vs writes them. */

import type { MessageInitShape } from '@bufbuild/protobuf'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressBytes, addressFromBytes } from '../../core/base/address.ts'
import type { BlockDraft, BlockView, CallerBlockKind } from '../../engine/block/block-service.ts'
import { checkFields } from './block-fields.ts'
import type { Block, BlockSchema } from './generated/memo/vs/memo_vs_pb.js'

const typeOfKind = { content: 'CHB', owner: 'OKB', named: 'NB' } as const satisfies Record<CallerBlockKind, string>
const kindOfType: Readonly<Record<string, CallerBlockKind>> = { CHB: 'content', OKB: 'owner', NB: 'named' }
const typesOnTheWireOnly: readonly string[] = ['ACB', 'UB', 'GB', 'MB']

export function blockMessage(view: BlockView): MessageInitShape<typeof BlockSchema> {
  return {
    type: typeOfKind[view.kind],
    address: view.address,
    payload: view.plain === undefined ? { case: 'data', value: view.data } : { case: 'dataPlain', value: view.plain },
    salt: view.salt,
    owner: view.owner,
    signature: view.signature,
    name: view.name,
    version: view.version,
    ownerKey: view.ownerKey,
    generation: view.generation,
    header: view.header,
  }
}

/** What a caller sends back. `purpose` says what an empty address means. */
export function draftOf(block: Block | undefined, purpose: 'insert' | 'update'): BlockDraft {
  if (block === undefined) throw new CodedError('invalid-argument', 'the request carries no block')
  const kind = kindOfType[block.type]
  if (kind === undefined) throw new CodedError('invalid-argument', typeFault(block.type))
  checkFields(block, kind, purpose)
  checkLength('address', block.address)
  checkLength('owner', block.owner)
  if (block.address.length === 0 && purpose === 'update') throw noSuchBlock()
  if (block.address.length === 0 && kind !== 'content') {
    throw new CodedError('invalid-argument', `a block of type ${block.type} needs its address: take it from a Make call`)
  }
  const { payload } = block
  return {
    kind,
    address: kept(block.address),
    salt: kept(block.salt),
    owner: kept(block.owner),
    ownerKey: kept(block.ownerKey),
    name: kept(block.name),
    version: block.version,
    generation: block.generation,
    signature: kept(block.signature),
    header: kept(block.header),
    ...(payload.case === 'data' && { data: payload.value }),
    ...(payload.case === 'dataPlain' && { plain: payload.value }),
  }
}

/** The address of a block that must exist: 0 bytes name none. */
export function addressOf(bytes: Uint8Array): BlockAddress {
  checkLength('address', bytes)
  const address = addressFromBytes(kept(bytes))
  if (address === undefined) throw noSuchBlock()
  return address
}

/** The address of an owning block, which may be left out. */
export function ownerOf(bytes: Uint8Array): Uint8Array {
  checkLength('owner', bytes)
  return kept(bytes)
}

export function noSuchBlock(): CodedError {
  return new CodedError('block-not-found', 'there is no such block')
}

function checkLength(field: 'address' | 'owner', bytes: Uint8Array): void {
  if (bytes.length === 0 || bytes.length === addressBytes) return
  throw new CodedError('invalid-argument', `${field} has ${bytes.length} bytes; it must have 0 or ${addressBytes}`)
}

function typeFault(type: string): string {
  if (typesOnTheWireOnly.includes(type)) return `blocks of type ${type} cannot be stored by callers`
  return type === '' ? 'the block has no type' : 'the block has an unknown type'
}

/** Why an update was not carried out: it must be true of each block that is not the current one. */
export function staleMessage(draft: Pick<BlockDraft, 'version' | 'generation'>, current: BlockView): string {
  if (draft.generation !== 0n && draft.generation !== current.generation) {
    return 'the block at this address has another generation than the one that this update replaces, as after a removal and a new insertion'
  }
  if (draft.version > current.version) {
    return `this update replaces version ${draft.version}, which is above the newest version ${current.version} of the block`
  }
  if (draft.version < current.version) return 'the block has a newer version than the one that this update replaces'
  return 'this update was found to replace another version than the newest one of the block'
}

/** Small fields may be kept for long; as views they would keep the whole request. */
function kept(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes)
}

import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { addressFromBytes, isImmutable } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import type { Digest } from '../../core/base/digest.ts'
import { isHlc } from '../../core/base/hybrid-clock.ts'
import type { Limits } from '../../core/base/limits.ts'
import type { SignedKind } from '../../core/block/block-kinds.ts'
import type { ContentHeader } from '../../core/block/content-block.ts'
import { contentSaltBytes, decodeContentHeader } from '../../core/block/content-block.ts'
import { addressOfVersion } from '../../core/block/signed-version.ts'
import type { BlockDraft } from './block-service.ts'

/** A draft of an owner or named block whose fields agree with each other. */
export interface SignedDraft {
  readonly kind: SignedKind
  readonly address: BlockAddress
  /** Owner blocks: the salt. Named blocks: the name. */
  readonly discriminator: Uint8Array
  readonly owner: Uint8Array
  readonly version: bigint
  /** 0: not named by the caller. */
  readonly generation: bigint
  /** Of the version named; undefined: not named by the caller. */
  readonly signature: Uint8Array | undefined
  /** As stored. */
  readonly data: Uint8Array | undefined
  readonly plain: Uint8Array | undefined
}

/** A draft of a content block; `claim` where the caller says what it must become. */
export interface ContentDraft {
  readonly data: Uint8Array
  readonly owner: Uint8Array
  readonly claim: { readonly address: BlockAddress; readonly salt: Uint8Array; readonly headerBytes: Uint8Array } | undefined
}

const versionEnd = 1n << 63n

export function invalid(message: string): CodedError {
  return new CodedError('invalid-argument', message)
}

export function checkOwner(owner: Uint8Array): Uint8Array {
  if (owner.length === 0 || owner.length === 32) return owner
  throw invalid(`the owner is an address: 0 or 32 bytes, not ${owner.length}`)
}

export function checkName(name: Uint8Array, limits: Pick<Limits, 'blockNameBytesMax'>): Uint8Array {
  if (name.length <= limits.blockNameBytesMax) return name
  throw invalid(`the name has ${name.length} bytes; the most is ${limits.blockNameBytesMax}`)
}

export function checkPayload(payload: Uint8Array, limits: Pick<Limits, 'blockPayloadBytesMax'>): Uint8Array {
  if (payload.length <= limits.blockPayloadBytesMax) return payload
  const message = `the block has ${payload.length} bytes; the most is ${limits.blockPayloadBytesMax}. Larger values go into a key`
  throw new CodedError('limit-exceeded', message, { details: { bytes: payload.length, bytesMax: limits.blockPayloadBytesMax } })
}

/** Checks that the fields fit each other and the user: `invalid-argument`, `permission-denied` or `limit-exceeded`. */
export function checkSignedDraft(
  draft: BlockDraft,
  kind: SignedKind,
  digest: Digest,
  user: Uint8Array,
  limits: Limits,
): SignedDraft {
  const address = addressFromBytes(draft.address)
  if (address === undefined) throw invalid(`the address has ${draft.address.length} bytes, not 32`)
  if (isImmutable(address)) throw invalid('the address is that of an immutable block, the type that of a mutable one')
  if (draft.ownerKey.length !== 32) throw invalid(`the key of the owner has ${draft.ownerKey.length} bytes, not 32`)
  if (kind === 'owner' && draft.salt.length !== 32) throw invalid(`the salt has ${draft.salt.length} bytes, not 32`)
  if (kind === 'owner' && draft.name.length > 0) throw invalid('a block of this type has no name')
  if (kind === 'named' && draft.salt.length > 0) throw invalid('a named block has no salt')
  if (kind === 'named' && draft.plain !== undefined) throw invalid('the data of a named block is public: it has no plain form')
  if (draft.header.length > 0) throw invalid('a mutable block has no content header')
  if (draft.version < -1n || draft.version >= versionEnd) throw invalid('the version is not one that a block has')
  if (!isHlc(draft.generation)) throw invalid('the generation is not one that a block has')
  const discriminator = kind === 'owner' ? draft.salt : checkName(draft.name, limits)
  const expected = addressOfVersion(digest, { kind, writer: draft.ownerKey, discriminator })
  if (!equalBytes(expected, address)) {
    throw invalid(`the address does not belong to this key and ${kind === 'owner' ? 'salt' : 'name'}`)
  }
  if (!equalBytes(draft.ownerKey, user)) {
    throw new CodedError('permission-denied', 'only the owner of this block writes it, and that is not the user of this node')
  }
  if (draft.plain !== undefined) checkPayload(draft.plain, limits)
  if (draft.data !== undefined && kind === 'named') checkPayload(draft.data, limits)
  const { version, generation, data, plain } = draft
  const signature = draft.signature?.length === 0 ? undefined : draft.signature
  return { kind, address, discriminator, owner: checkOwner(draft.owner), version, generation, signature, data, plain }
}

/** As for signed drafts. That data and address fit is found by making the block again. */
export function checkContentDraft(draft: BlockDraft, user: Uint8Array, limits: Limits): ContentDraft {
  if (draft.plain !== undefined) throw invalid('the data of a content block is readable as it is: it has no plain form')
  if (draft.name.length > 0) throw invalid('a content block has no name')
  if (draft.version !== -1n && draft.version !== 0n) throw invalid('a content block has one version only')
  const owner = checkOwner(draft.owner)
  const data = checkPayload(draft.data ?? emptyBytes, limits)
  if (draft.address.length === 0) return { data, owner, claim: undefined }
  const address = addressFromBytes(draft.address)
  if (address === undefined) throw invalid(`the address has ${draft.address.length} bytes, neither 0 nor 32`)
  if (!isImmutable(address)) throw invalid('the address is that of a mutable block, the type that of a content block')
  if (draft.salt.length !== contentSaltBytes) throw invalid(`the salt has ${draft.salt.length} bytes, not ${contentSaltBytes}`)
  const header = decodeContentHeader(draft.header)
  if (header === undefined) throw invalid('the content header cannot be read; send the block back as it was made')
  checkRemover(header, draft.ownerKey, user)
  return { data, owner, claim: { address, salt: draft.salt, headerBytes: draft.header } }
}

function checkRemover({ remover, place, role }: ContentHeader, ownerKey: Uint8Array, user: Uint8Array): void {
  if (remover.kind === 'block' || place !== undefined || role !== 'whole') {
    throw new CodedError('permission-denied', 'this block is the value of a key; only its key-value store writes it')
  }
  if (ownerKey.length > 0 && !equalBytes(ownerKey, remover.publicKey)) {
    throw invalid('the key of the owner is not the one that the content header names')
  }
  if (!equalBytes(remover.publicKey, user)) {
    throw new CodedError('permission-denied', 'this block was made by another user, who alone may insert it here')
  }
}

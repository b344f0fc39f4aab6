import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { encodeRemovalProof, signRemoval } from '../../core/block/removal.ts'
import type { SignedVersion } from '../../core/block/signed-version.ts'
import { encodeSignedVersion, signVersion } from '../../core/block/signed-version.ts'
import type { BlockPosition } from '../../core/consensus/apply-entry.ts'
import { misfitOf } from '../../core/consensus/apply-entry.ts'
import { askedChange } from '../../core/consensus/asked-change.ts'
import type { BlockEntry, EntryFacts } from '../../core/consensus/block-entry.ts'
import type { Outcome } from '../../core/consensus/outcome.ts'
import { decodeOutcome } from '../../core/consensus/record-codec.ts'
import type { BlockChangeAnswer, BlockStanding } from '../../core/wire/block-calls.ts'
import type { BlockParts } from './block-parts.ts'
import { corrupt, notFound } from './content-blocks.ts'
import type { SignedDraft } from './draft-checks.ts'
import { invalid } from './draft-checks.ts'
import type { SignedBlockCalls } from './signed-block-calls.ts'
import { currentVersion } from './signed-block-state.ts'
import { carriesItsSignature, carriesNothingNew, insertedPayload, updatedPayload } from './signed-payload.ts'

export type SignedChange =
  | { readonly kind: 'insert' | 'update'; readonly draft: SignedDraft; readonly requestId: RequestId | undefined }
  | { readonly kind: 'remove'; readonly draft?: undefined; readonly requestId: RequestId | undefined }

export type SignedAnswer =
  | { readonly kind: 'stored' | 'unchanged' | 'conflict'; readonly current: SignedVersion }
  | { readonly kind: 'removed' }

export interface SignedChangeParts {
  readonly blocks: BlockParts
  readonly calls: SignedBlockCalls
  /** An id that was not used before. */
  readonly nextId: () => RequestId
}

/** What is sent, and the version that the block has where it is carried out. */
interface SignedEntry {
  readonly entry: BlockEntry
  readonly next: SignedVersion | undefined
}

/**
 * One change as the node decides about it that was asked for it and holds the key: it reads what there is, judges the draft, signs the
 * next version or the removal, and has the primary put it into the log. Whether it fits is decided there, by the rules of applyEntry.
 */
export class SignedBlockChange {
  readonly #parts: SignedChangeParts
  readonly #address: BlockAddress
  readonly #change: SignedChange
  #asked: Uint8Array | undefined

  constructor(parts: SignedChangeParts, address: BlockAddress, change: SignedChange) {
    this.#parts = parts
    this.#address = address
    this.#change = change
  }

  /** Undefined where a removal met another version than it was signed for, and its request id is not spent: to be decided anew. */
  async decide(signal: AbortSignal): Promise<SignedAnswer | undefined> {
    const { blocks, calls } = this.#parts
    const { requestId } = this.#change
    const { standing, outcome } = await calls.read(this.#address, requestId, signal)
    const current = currentVersion(blocks, this.#address, standing)
    if (outcome !== undefined) return this.#repeat(outcome, current)
    const judged = this.#judge(standing, current)
    if (!('entry' in judged)) return judged
    const { entry, next } = judged
    if (isUnsigned(entry) && requestId === undefined) return this.#refused(current)
    const identify = () => ({ requestId: this.#parts.nextId(), asked: this.#askedDigest() })
    return this.#answerOf(await calls.change(entry, identify, signal), next)
  }

  #judge(standing: BlockStanding, current: SignedVersion | undefined): SignedEntry | SignedAnswer {
    const change = this.#change
    switch (change.kind) {
      case 'insert':
        return this.#insert(change.draft, standing, current)
      case 'update':
        return this.#update(change.draft, current)
      case 'remove':
        return this.#remove(current)
    }
  }

  #insert(draft: SignedDraft, standing: BlockStanding, current: SignedVersion | undefined): SignedEntry {
    const { blocks } = this.#parts
    const payload = insertedPayload(blocks, draft)
    // A new life has a higher generation than the one before, whoever gave it.
    if (standing.kind === 'removed') blocks.clock.observe(standing.generation)
    const generation = blocks.clock.next()
    const entry = { kind: 'birth', ...this.#facts(generation), generation, signed: emptyBytes } as const
    if (this.#misfits(entry, positionOf(standing, current))) return { entry, next: undefined }
    const next = this.#sign(draft, generation, 0n, payload)
    return { entry: { ...entry, signed: encodeSignedVersion(next) }, next }
  }

  #update(draft: SignedDraft, current: SignedVersion | undefined): SignedEntry | SignedAnswer {
    const { blocks } = this.#parts
    if (current === undefined) throw notFound(this.#address)
    if (current.kind !== draft.kind) throw invalid('the type is not that of the block at this address')
    if (!carriesItsSignature(draft, current)) {
      throw new CodedError('signature-invalid', 'the signature is not that of the version that the block carries')
    }
    if (carriesNothingNew(blocks, draft, current)) return { kind: 'unchanged', current }
    // Callers written for the original do not know the generation; the version alone then says what they replace.
    const generation = draft.generation === 0n ? current.generation : draft.generation
    const version = draft.version + 1n
    const facts = this.#facts(blocks.clock.next())
    const entry = { kind: 'version', ...facts, generation, version, signed: emptyBytes } as const
    if (this.#misfits(entry, livingPosition(current))) return { entry, next: undefined }
    if (!equalBytes(draft.owner, current.owner)) throw invalid('the owner of a block does not change')
    const next = this.#sign(draft, generation, version, updatedPayload(blocks, draft, current))
    return { entry: { ...entry, signed: encodeSignedVersion(next) }, next }
  }

  #remove(current: SignedVersion | undefined): SignedEntry {
    const { clock, user, networkId } = this.#parts.blocks
    if (current === undefined) throw notFound(this.#address)
    if (!equalBytes(current.writer, user.signing.publicKey)) {
      throw new CodedError('permission-denied', 'only the owner of this block removes it, and that is not the user of this node')
    }
    const { generation, version } = current
    const issued = clock.next()
    const proof = signRemoval(user.signing, networkId, { address: this.#address, generation, version, issued })
    const entry = { kind: 'removal', ...this.#facts(issued), generation, version, proof: encodeRemovalProof(proof) } as const
    return { entry, next: undefined }
  }

  #misfits(entry: BlockEntry, position: BlockPosition | undefined): boolean {
    return misfitOf(position, entry, hlcFromMs(this.#parts.blocks.limits.horizonMs)) !== undefined
  }

  #sign(draft: SignedDraft, generation: bigint, version: bigint, payload: Uint8Array): SignedVersion {
    const { crypto, user, networkId } = this.#parts.blocks
    const { kind, discriminator, owner } = draft
    const writer = user.signing.publicKey
    const fields = { kind, address: this.#address, generation, version, discriminator, owner, writer, payload }
    return signVersion(crypto, user.signing, networkId, fields)
  }

  /** The primary gives the entry its own time. */
  #facts(issued: bigint): EntryFacts {
    const { requestId } = this.#change
    const asked = requestId && this.#askedDigest()
    return { address: this.#address, issued, requestId, asked, forgetUpTo: 0n }
  }

  #answerOf(answer: BlockChangeAnswer, next: SignedVersion | undefined): SignedAnswer | undefined {
    const isRemoval = this.#change.kind === 'remove'
    if (answer.kind === 'applied') return next === undefined ? { kind: 'removed' } : { kind: 'stored', current: next }
    if (answer.kind === 'unfit' && isRemoval) return undefined
    const current = currentVersion(this.#parts.blocks, this.#address, answer.standing)
    return answer.kind === 'repeated' ? this.#repeat(answer.outcome, current) : this.#refused(current)
  }

  /** Why nothing was changed. */
  #refused(current: SignedVersion | undefined): SignedAnswer {
    if (this.#change.kind === 'insert') {
      throw new CodedError('block-already-exists', 'a block exists at this address; update it or choose another')
    }
    if (current === undefined) throw notFound(this.#address)
    if (this.#change.kind === 'remove') throw changedMeanwhile()
    return { kind: 'conflict', current }
  }

  /** A request that was decided before is answered as it was, with the block as it is. */
  #repeat(recorded: Uint8Array, current: SignedVersion | undefined): SignedAnswer {
    const outcome: Outcome | undefined = decodeOutcome(recorded)
    if (outcome === undefined) throw corrupt(this.#address)
    if (!equalBytes(outcome.asked, this.#askedDigest())) {
      throw invalid('the request id was used for another request; nothing was changed')
    }
    const { kind } = this.#change
    if (kind === 'remove') {
      if (outcome.kind === 'conflict') throw changedMeanwhile()
      return { kind: 'removed' }
    }
    if (outcome.kind === 'conflict' && kind === 'insert') {
      throw new CodedError('block-already-exists', 'a block existed at this address when this request was first made')
    }
    if (current === undefined)
      throw new CodedError('block-not-found', 'the request was carried out before; the block is gone since')
    return { kind: outcome.kind === 'conflict' ? 'conflict' : 'stored', current }
  }

  #askedDigest(): Uint8Array {
    this.#asked ??= askedChange(this.#parts.blocks.crypto, this.#address, this.#change)
    return this.#asked
  }
}

export function changedMeanwhile(): CodedError {
  return new CodedError('contended', 'others changed this block while it was being removed; nothing was removed')
}

function isUnsigned(entry: BlockEntry): boolean {
  return entry.kind !== 'removal' && entry.signed.length === 0
}

function positionOf(standing: BlockStanding, current: SignedVersion | undefined): BlockPosition | undefined {
  if (current !== undefined) return livingPosition(current)
  return standing.kind === 'removed' ? { generation: standing.generation, version: 0n, state: { kind: 'removed' } } : undefined
}

function livingPosition({ generation, version }: SignedVersion): BlockPosition {
  return { generation, version, state: { kind: 'signed' } }
}

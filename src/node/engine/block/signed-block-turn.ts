import { assert } from '../../../shared/assert.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import type { BlockAddress } from '../../core/base/address.ts'
import { emptyBytes, equalBytes, toHex } from '../../core/base/bytes.ts'
import { hlcFromMs } from '../../core/base/hybrid-clock.ts'
import type { RequestId } from '../../core/base/request-id.ts'
import { ownerPayloadContext } from '../../core/block/owner-block.ts'
import { encodeRemovalProof, signRemoval } from '../../core/block/removal.ts'
import { openSealed, sealTo } from '../../core/block/sealing.ts'
import type { SignedVersion } from '../../core/block/signed-version.ts'
import { encodeSignedVersion, signVersion } from '../../core/block/signed-version.ts'
import { applyEntry, misfitOf } from '../../core/consensus/apply-entry.ts'
import { askedChange } from '../../core/consensus/asked-change.ts'
import { birthBallot } from '../../core/consensus/ballot.ts'
import type { BirthEntry, BlockEntry, EntryFacts, ForgottenOutcomes, VersionEntry } from '../../core/consensus/block-entry.ts'
import type { BlockRecord } from '../../core/consensus/block-record.ts'
import { bornGroup } from '../../core/consensus/group.ts'
import type { Outcome } from '../../core/consensus/outcome.ts'
import { outcomeKey } from '../../core/consensus/outcome.ts'
import { prepareAlone } from '../../core/consensus/prepare-alone.ts'
import { decodeOutcome, encodeBlockRecord, encodeOutcome } from '../../core/consensus/record-codec.ts'
import type { RecordWrite } from '../../ports/record-store.ts'
import { foreignBlock } from '../foreign-block.ts'
import type { BlockParts } from './block-parts.ts'
import { corrupt, notFound } from './content-blocks.ts'
import type { SignedDraft } from './draft-checks.ts'
import { invalid } from './draft-checks.ts'
import { assertFresh } from './request-freshness.ts'
import type { LoadedBlock } from './signed-block-state.ts'
import { openPayload } from './signed-block-state.ts'

export type SignedChange =
  | { readonly kind: 'insert' | 'update'; readonly draft: SignedDraft; readonly requestId: RequestId | undefined }
  | { readonly kind: 'remove'; readonly requestId: RequestId | undefined }

export type SignedAnswer =
  | { readonly kind: 'stored' | 'unchanged' | 'conflict'; readonly current: SignedVersion }
  | { readonly kind: 'removed' }

type AskedRequest = Pick<EntryFacts, 'requestId' | 'asked'>

/** What is forgotten with the turn, and the keys of its records. */
export interface ForgottenRecords extends ForgottenOutcomes {
  readonly keys: readonly Uint8Array[]
}

/**
 * One turn of a signed block: decides the requests that were folded into it one after the other, each on the state that the one
 * before left, and gathers what is to be written in one batch. The rules themselves are those of applyEntry.
 */
export class SignedBlockTurn {
  readonly #parts: BlockParts
  readonly #address: BlockAddress
  readonly #forgotten: ForgottenRecords | undefined
  readonly #horizon: bigint
  readonly #outcomes = new Map<string, { readonly key: Uint8Array; readonly outcome: Outcome }>()
  #record: BlockRecord | undefined
  #current: SignedVersion | undefined
  #applied = 0

  constructor(parts: BlockParts, address: BlockAddress, loaded: LoadedBlock, forgotten: ForgottenRecords | undefined) {
    this.#parts = parts
    this.#address = address
    this.#forgotten = forgotten
    this.#horizon = hlcFromMs(parts.limits.horizonMs)
    this.#record = loaded.record
    this.#current = loaded.current
  }

  /** The batch of the turn; empty when nothing is to be written. */
  writes(): readonly RecordWrite[] {
    if (this.#applied === 0 || this.#record === undefined) return []
    const writes: RecordWrite[] = [{ kind: 'put', family: 'block', key: this.#address, value: encodeBlockRecord(this.#record) }]
    for (const key of this.#forgotten?.keys ?? []) writes.push({ kind: 'delete', family: 'outcome', key })
    for (const { key, outcome } of this.#outcomes.values()) {
      writes.push({ kind: 'put', family: 'outcome', key, value: encodeOutcome(outcome) })
    }
    return writes
  }

  async decide(change: SignedChange): Promise<SignedAnswer> {
    const { requestId } = change
    const asked = requestId === undefined ? undefined : askedChange(this.#parts.crypto, this.#address, change)
    const repeated = await this.#recordedOutcome(requestId)
    if (repeated !== undefined) {
      if (asked === undefined || !equalBytes(repeated.asked, asked))
        throw invalid('the request id was used for another request; nothing was changed')
      return this.#repeat(change, repeated)
    }
    this.#checkRequestId(requestId)
    const request = { requestId, asked }
    switch (change.kind) {
      case 'insert':
        return this.#insert(change.draft, request)
      case 'update':
        return this.#update(change.draft, request)
      case 'remove':
        return this.#remove(request)
    }
  }

  #insert(draft: SignedDraft, request: AskedRequest): SignedAnswer {
    const { clock, self } = this.#parts
    const payload = this.#insertedPayload(draft)
    const generation = clock.next()
    const record = this.#prepared()
    const group = record?.group ?? bornGroup([{ nodeId: self.nodeId, storeId: self.storeId }])
    const entry: BirthEntry = {
      kind: 'birth',
      ...this.#facts(record, request, generation),
      generation,
      group,
      signed: emptyBytes,
    }
    const misfit = misfitOf(record, entry, this.#horizon)
    if (misfit === undefined) return this.#store(entry, draft, generation, 0n, payload)
    this.#recordConflict(entry)
    throw new CodedError('block-already-exists', 'a block exists at this address; update it or choose another')
  }

  #update(draft: SignedDraft, request: AskedRequest): SignedAnswer {
    const current = this.#current
    if (current === undefined) throw notFound(this.#address)
    if (current.kind !== draft.kind) throw invalid('the type is not that of the block at this address')
    if (!carriesItsSignature(draft, current)) {
      throw new CodedError('signature-invalid', 'the signature is not that of the version that the block carries')
    }
    if (this.#carriesNothingNew(draft, current)) return { kind: 'unchanged', current }
    const record = this.#prepared()
    // Callers written for the original do not know the generation; the version alone then says what they replace.
    const generation = draft.generation === 0n ? current.generation : draft.generation
    const version = draft.version + 1n
    const facts = this.#facts(record, request, this.#parts.clock.next())
    const entry: VersionEntry = { kind: 'version', ...facts, generation, version, signed: emptyBytes }
    if (misfitOf(record, entry, this.#horizon) !== undefined) {
      this.#recordConflict(entry)
      return { kind: 'conflict', current }
    }
    if (!equalBytes(draft.owner, current.owner)) throw invalid('the owner of a block does not change')
    return this.#store(entry, draft, generation, version, this.#updatedPayload(draft, current))
  }

  #remove(request: AskedRequest): SignedAnswer {
    const { clock, user, networkId } = this.#parts
    const current = this.#current
    if (current === undefined) throw notFound(this.#address)
    if (!equalBytes(current.writer, user.signing.publicKey)) {
      throw new CodedError('permission-denied', 'only the owner of this block removes it, and that is not the user of this node')
    }
    const { generation, version } = current
    const issued = clock.next()
    const proof = signRemoval(user.signing, networkId, { address: this.#address, generation, version, issued })
    const facts = this.#facts(this.#prepared(), request, issued)
    this.#apply({ kind: 'removal', ...facts, generation, version, proof: encodeRemovalProof(proof) })
    this.#current = undefined
    return { kind: 'removed' }
  }

  /** Signs the version that the entry brings and applies it; the entry is known to fit. */
  #store(
    entry: BirthEntry | VersionEntry,
    draft: SignedDraft,
    generation: bigint,
    version: bigint,
    payload: Uint8Array,
  ): SignedAnswer {
    const { crypto, user, networkId } = this.#parts
    const { kind, discriminator, owner } = draft
    const writer = user.signing.publicKey
    const fields = { kind, address: this.#address, generation, version, discriminator, owner, writer, payload }
    const signed = signVersion(crypto, user.signing, networkId, fields)
    this.#apply({ ...entry, signed: encodeSignedVersion(signed) })
    this.#current = signed
    return { kind: 'stored', current: signed }
  }

  #apply(entry: BlockEntry): void {
    const { record, misfit } = this.#applyAny(entry)
    assert(misfit === undefined && record !== undefined, 'an entry that was found to fit is applied')
  }

  /** A conflict of a request id is an outcome like any other: it is kept, so the id is spent. */
  #recordConflict(entry: BlockEntry): void {
    if (entry.requestId !== undefined) this.#applyAny(entry)
  }

  #applyAny(entry: BlockEntry): ReturnType<typeof applyEntry> {
    const applied = applyEntry(this.#prepared(), entry, this.#horizon)
    this.#record = applied.record
    this.#applied++
    if (applied.outcome !== undefined && entry.requestId !== undefined) {
      const key = outcomeKey(this.#address, entry.requestId)
      this.#outcomes.set(toHex(key), { key, outcome: applied.outcome })
    }
    return applied
  }

  #facts(record: BlockRecord | undefined, request: AskedRequest, issued: bigint): EntryFacts {
    const { self } = this.#parts
    const ballot = record?.promised ?? birthBallot(self, self.bootCount)
    const forget = this.#applied === 0 ? this.#forgotten : undefined
    return { address: this.#address, issued, ballot, ...request, forget }
  }

  #prepared(): BlockRecord | undefined {
    if (this.#record === undefined) return undefined
    const record = prepareAlone(this.#record, this.#parts.self)
    if (record === undefined) throw foreignBlock(this.#parts.store)
    return record
  }

  #insertedPayload({ kind, data, plain }: SignedDraft): Uint8Array {
    if (kind === 'named') return data ?? emptyBytes
    if (data === undefined || data.length === 0) return this.#seal(plain ?? emptyBytes)
    if (plain !== undefined) throw invalid('the block carries sealed data and readable data; send one of them')
    const { crypto, user, networkId } = this.#parts
    const opened = openSealed(crypto, user.agreement, ownerPayloadContext(networkId, this.#address), data)
    if (opened === undefined) throw invalid("the sealed data of a block is not the caller's to make; send the readable data")
    return this.#seal(opened)
  }

  #updatedPayload({ kind, data, plain }: SignedDraft, current: SignedVersion): Uint8Array {
    if (kind === 'named') return data ?? emptyBytes
    const keepsData = data === undefined || data.length === 0 || equalBytes(data, current.payload)
    if (plain !== undefined && keepsData) return this.#seal(plain)
    throw invalid("the sealed data of a block is not the caller's to change; send the readable data")
  }

  /** The same bytes again: the answer to an earlier update was lost, or nothing was changed. */
  #carriesNothingNew({ kind, data, plain }: SignedDraft, current: SignedVersion): boolean {
    const sameData = data !== undefined && equalBytes(data, current.payload)
    if (kind === 'named' || plain === undefined) return sameData || (data === undefined && plain === undefined)
    return equalBytes(plain, openPayload(this.#parts, current))
  }

  #seal(plain: Uint8Array): Uint8Array {
    const { crypto, random, user, networkId } = this.#parts
    const ephemeral = crypto.agreementKey(random.bytes(32))
    const context = ownerPayloadContext(networkId, this.#address)
    const sealed = sealTo(crypto, user.agreement.publicKey, ephemeral, context, plain)
    assert(sealed !== undefined, "the user's own key can be sealed to")
    return sealed
  }

  async #recordedOutcome(requestId: RequestId | undefined): Promise<Outcome | undefined> {
    if (requestId === undefined) return undefined
    const key = outcomeKey(this.#address, requestId)
    const staged = this.#outcomes.get(toHex(key))
    if (staged !== undefined) return staged.outcome
    const bytes = await this.#parts.outcomes.find(key, requestId)
    if (bytes === undefined) return undefined
    const outcome = decodeOutcome(bytes)
    if (outcome === undefined) throw corrupt(this.#address)
    return outcome
  }

  #repeat(change: SignedChange, outcome: Outcome): SignedAnswer {
    if (change.kind === 'remove') return { kind: 'removed' }
    if (outcome.kind === 'conflict' && change.kind === 'insert') {
      throw new CodedError('block-already-exists', 'a block existed at this address when this request was first made')
    }
    const current = this.#current
    if (current === undefined)
      throw new CodedError('block-not-found', 'the request was carried out before; the block is gone since')
    return { kind: outcome.kind === 'conflict' ? 'conflict' : 'stored', current }
  }

  #checkRequestId(requestId: RequestId | undefined): void {
    const floor = this.#forgotten?.floor ?? 0n
    const kept = this.#record?.outcomeFloor ?? 0n
    if (requestId !== undefined) assertFresh(this.#parts, requestId, floor > kept ? floor : kept)
  }
}

/** A handle that came from a Fetch has the signature of its version; one of another version is told by its numbers. */
function carriesItsSignature({ version, generation, signature }: SignedDraft, current: SignedVersion): boolean {
  if (signature === undefined || version !== current.version) return true
  return (generation !== 0n && generation !== current.generation) || equalBytes(signature, current.signature)
}

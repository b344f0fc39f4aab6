import { afterEach, describe, expect, test } from 'vitest'
import { emptyBytes } from '../../../src/node/core/base/bytes.ts'
import { hlcFromMs } from '../../../src/node/core/base/hybrid-clock.ts'
import { encodeRemovalProof, signRemoval } from '../../../src/node/core/block/removal.ts'
import type { BlockVersion } from '../../../src/node/core/block/signed-version.ts'
import { decodeSignedVersion, encodeSignedVersion, signVersion } from '../../../src/node/core/block/signed-version.ts'
import type { RemovalEntry, VersionEntry } from '../../../src/node/core/consensus/block-entry.ts'
import { encodeBlockEntry } from '../../../src/node/core/consensus/block-entry-codec.ts'
import { decodeBlockChangeAnswer, decodeBlockReadAnswer, encodeBlockRead } from '../../../src/node/core/wire/block-calls.ts'
import type { BlockView } from '../../../src/node/engine/block/block-service.ts'
import type { Peer } from '../../../src/node/ports/transport.ts'
import { draftOf } from '../../support/block-draft.ts'
import { call, noise, text } from '../../support/key-value-world.ts'
import { crypto, SignedBlockCluster } from '../../support/signed-block-cluster.ts'

let cluster: SignedBlockCluster
const rights = { read: true, write: true, store: true, invite: false, administer: false }
const peer: Peer = { nodeId: noise(32), storeId: noise(16), bootCount: 1, rights }
const stranger = crypto.signingKey(noise(32, 5))
const asked = new Uint8Array(32).fill(4)

afterEach(() => cluster.stop())

/** A block at a member that serves other nodes, and what one of them sends. */
async function start() {
  cluster = await SignedBlockCluster.start({ members: 1, limits: { blockPayloadBytesMax: 100 } })
  const { blocks, host, parts, recordOf } = cluster.member(0)
  const view: BlockView = await blocks.insert(draftOf(await blocks.makeNamed(text('name')), { data: text('0') }), call)
  const { address, generation } = view
  const { clock, user } = parts
  const record = recordOf(address)
  const current = record?.state.kind === 'signed' ? decodeSignedVersion(record.state.signed) : undefined
  if (current === undefined) throw new Error('the block is there')
  const facts = () => {
    const issued = clock.next()
    const requestId = { session: noise(16), sequence: issued, issued }
    return { address, issued, requestId, asked, forgetUpTo: 0n, generation }
  }
  const versionOf = (change: Partial<BlockVersion> = {}, key = user.signing): VersionEntry => {
    const { signature: _, ...before } = current
    const fields = { ...before, version: 1n, payload: text('1'), ...change, writer: key.publicKey }
    const signed = encodeSignedVersion(signVersion(crypto, key, cluster.networkId, fields))
    return { kind: 'version', ...facts(), version: 1n, signed }
  }
  const removalOf = (change: { version?: bigint; issued?: bigint } = {}, key = user.signing): RemovalEntry => {
    const removal = { address, generation, version: 0n, issued: clock.next(), ...change }
    const proof = encodeRemovalProof(signRemoval(key, cluster.networkId, removal))
    return { kind: 'removal', ...facts(), version: 0n, proof }
  }
  const send = async (entry: VersionEntry | RemovalEntry, from = peer) => {
    const block = await host.open(address)
    return decodeBlockChangeAnswer(await blocks.primary.serveChange(block, encodeBlockEntry(entry), from, call.signal))
  }
  return { ...cluster.member(0), address, view, versionOf, removalOf, send }
}

describe('a change that another node made', () => {
  test('is applied as its owner signed it, once for its id', async () => {
    const { versionOf, removalOf, send, recordOf, address } = await start()
    const version = versionOf()
    expect(await send(version)).toEqual({ kind: 'applied' })
    expect(await send(version)).toMatchObject({ kind: 'repeated', standing: { kind: 'signed', signed: version.signed } })
    expect(await send(versionOf())).toMatchObject({ kind: 'conflict', standing: { kind: 'signed', signed: version.signed } })
    expect(await send(removalOf())).toMatchObject({ kind: 'unfit', standing: { kind: 'signed' } })
    expect(recordOf(address)).toMatchObject({ version: 1n, outcomeCount: 2 })
    const removal = { ...removalOf({ version: 1n }), version: 1n }
    expect(await send(removal)).toEqual({ kind: 'applied' })
    expect(await send(removal)).toMatchObject({ kind: 'repeated', standing: { kind: 'removed' } })
    expect(await send(versionOf())).toMatchObject({ kind: 'conflict', standing: { kind: 'removed' } })
    await expect(send({ ...version, asked: new Uint8Array(32) })).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('is refused unless the owner signed it, for this block, generation and version', async () => {
    const { versionOf, removalOf, send, recordOf, address, view } = await start()
    const refused: readonly (readonly [VersionEntry | RemovalEntry, string])[] = [
      [versionOf({}, stranger), 'signature-invalid'],
      [{ ...versionOf(), signed: tampered(versionOf().signed) }, 'signature-invalid'],
      [{ ...versionOf(), signed: text('no version') }, 'invalid-argument'],
      [versionOf({ version: 2n }), 'invalid-argument'],
      [versionOf({ generation: view.generation + 1n }), 'invalid-argument'],
      [
        versionOf({ address: cluster.member(0).blocks.namedAddress(text('other')), discriminator: text('other') }),
        'invalid-argument',
      ],
      [versionOf({ owner: new Uint8Array(32) }), 'invalid-argument'],
      [versionOf({ payload: noise(101) }), 'limit-exceeded'],
      [{ ...versionOf(), requestId: undefined, asked: undefined }, 'invalid-argument'],
      [removalOf({}, stranger), 'permission-denied'],
      [{ ...removalOf(), proof: tampered(removalOf().proof) }, 'signature-invalid'],
      [removalOf({ version: 1n }), 'invalid-argument'],
      [{ ...removalOf(), proof: text('no proof') }, 'invalid-argument'],
      [removalOf({ issued: hlcFromMs(Date.now() + 3_600_000) }), 'invalid-argument'],
    ]
    const before = recordOf(address)
    for (const [index, [entry, code]] of refused.entries()) {
      await expect(send(entry), `case ${index}`).rejects.toMatchObject({ code })
    }
    expect(recordOf(address)).toEqual(before)
  })

  test('is refused with an id that is too old, or from the future', async () => {
    const { versionOf, send, parts } = await start()
    const at = (issued: bigint): VersionEntry => {
      const entry = versionOf()
      return { ...entry, requestId: entry.requestId && { ...entry.requestId, issued } }
    }
    const { outcomeRetentionMs, clockSkewMaxMs } = parts.limits
    await expect(send(at(parts.clock.last - hlcFromMs(outcomeRetentionMs + 1000)))).rejects.toMatchObject({
      code: 'request-too-old',
    })
    await expect(send(at(parts.clock.last + hlcFromMs(clockSkewMaxMs + 60_000)))).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })

  test('that was not signed changes nothing and spends its id', async () => {
    const { versionOf, send, recordOf, address } = await start()
    const unsigned = { ...versionOf(), signed: emptyBytes }
    expect(await send(unsigned)).toMatchObject({ kind: 'conflict', standing: { kind: 'signed' } })
    expect(await send({ ...unsigned, signed: versionOf().signed })).toMatchObject({ kind: 'repeated' })
    expect(recordOf(address)).toMatchObject({ version: 0n, outcomeCount: 1 })
  })

  test('is refused from a node without the right to it, and so is a question', async () => {
    const { versionOf, send, host, blocks, address } = await start()
    const reader = { ...peer, rights: { ...rights, write: false } }
    await expect(send(versionOf(), reader)).rejects.toMatchObject({ code: 'permission-denied' })
    const block = await host.open(address)
    const ask = (from: Peer, body: Uint8Array) => blocks.primary.serveRead(block, body, from, call.signal)
    const answer = decodeBlockReadAnswer(await ask(reader, encodeBlockRead(undefined)))
    expect(answer).toMatchObject({ standing: { kind: 'signed' }, outcome: undefined })
    const blind = { ...peer, rights: { ...rights, read: false } }
    await expect(ask(blind, encodeBlockRead(undefined))).rejects.toMatchObject({ code: 'permission-denied' })
    await expect(ask(peer, text('no question'))).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

function tampered(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[copy.length - 1] = (copy.at(-1) ?? 0) ^ 1
  return copy
}

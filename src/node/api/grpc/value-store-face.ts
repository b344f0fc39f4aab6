import type { BlockDraft, BlockService, BlockView } from '../../engine/block/block-service.ts'
import { addressOf, blockMessage, draftOf, noSuchBlock, ownerOf, staleMessage } from './block-message.ts'
import type { Handlers } from './bridge.ts'
import type { ValueStore } from './generated/memo/vs/memo_vs_pb.js'

type ValueStoreHandlers = Handlers<(typeof ValueStore)['method']>

const encoder = new TextEncoder()

/** memo.vs: the block service on the wire of the original. */
export function valueStoreFace(blocks: BlockService): ValueStoreHandlers {
  return {
    makeImmutableBlock: async ({ data, owner }) => blockMessage(await blocks.makeContent(data, ownerOf(owner))),
    makeMutableBlock: async ({ owner }) => blockMessage(await blocks.makeOwner(ownerOf(owner))),
    makeNamedBlock: async ({ key }) => blockMessage(await blocks.makeNamed(new Uint8Array(key))),
    namedBlockAddress: async ({ key }) => ({ address: blocks.namedAddress(key) }),
    async insert({ block }, call) {
      await blocks.insert(draftOf(block, 'insert'), call)
      return {}
    },
    async insertImmutableBlock({ data, owner }, call) {
      const made = await blocks.makeContent(data, ownerOf(owner))
      return { address: (await blocks.insert(draftFrom(made, { data: made.data }), call)).address }
    },
    async insertMutableBlock({ data, owner }, call) {
      const made = await blocks.makeOwner(ownerOf(owner))
      return { address: (await blocks.insert(draftFrom(made, { plain: data }), call)).address }
    },
    async fetch({ address, decryptData }, call) {
      const block = await blocks.fetch(addressOf(address), { decrypt: decryptData }, call)
      if (block === undefined) throw noSuchBlock()
      return { block: blockMessage(block) }
    },
    async update({ block, decryptData }, call) {
      const draft = draftOf(block, 'update')
      const result = await blocks.update(draft, { decrypt: decryptData }, call)
      if (result.kind !== 'conflict') return {}
      return { message: encoder.encode(staleMessage(draft, result.current)), current: blockMessage(result.current) }
    },
    async delete({ address }, call) {
      await blocks.remove(addressOf(address), call)
      return {}
    },
  }
}

function draftFrom(view: BlockView, payload: Pick<BlockDraft, 'data' | 'plain'>): BlockDraft {
  const { kind, address, salt, owner, ownerKey, name, version, generation, header } = view
  return { kind, address, salt, owner, ownerKey, name, version, generation, header, ...payload }
}

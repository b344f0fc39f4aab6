import type { BlockAddress } from '../../core/base/address.ts'
import type { Member } from '../../core/consensus/group.ts'
import type { ContentSight } from '../../core/wire/content-calls.ts'
import { memberName } from './content-place.ts'

/** What members said of the blocks of a step. Of its own blocks this node knows. */
export class ContentSights {
  readonly #self: string
  readonly #known = new Map<string, Map<string, ContentSight>>()

  constructor(self: Member) {
    this.#self = memberName(self)
  }

  add(member: Member, addresses: readonly BlockAddress[], sights: readonly ContentSight[]): void {
    const known = this.#known.get(memberName(member)) ?? new Map<string, ContentSight>()
    for (const [index, address] of addresses.entries()) known.set(nameOf(address), sights[index] ?? 'damaged')
    this.#known.set(memberName(member), known)
  }

  has(address: BlockAddress, member: Member): boolean {
    return this.#of(address, member) === 'copy'
  }

  lacks(address: BlockAddress, member: Member): boolean {
    const sight = this.#of(address, member)
    return sight === 'absent' || sight === 'damaged'
  }

  isRemoved(address: BlockAddress, member: Member): boolean {
    return this.#of(address, member) === 'removed'
  }

  isKnown(address: BlockAddress, member: Member): boolean {
    return this.#of(address, member) !== undefined
  }

  #of(address: BlockAddress, member: Member): ContentSight | undefined {
    const name = memberName(member)
    return name === this.#self ? 'copy' : this.#known.get(name)?.get(nameOf(address))
  }
}

function nameOf(address: BlockAddress): string {
  return Buffer.from(address.buffer, address.byteOffset, address.length).toString('latin1')
}

import { isCoded } from '../../../shared/coded-error.ts'
import type { StoreEvents } from '../../ports/record-store.ts'

const remarksMax = 100

/** For commands that open a store without a node: what a person should hear of is added to the remarks. */
export function storeEventsOfCommand(remarks: string[]): StoreEvents {
  const nothing = () => {}
  return {
    committed: nothing,
    indexed: nothing,
    segmentMade: nothing,
    segmentReclaimed: nothing,
    damageFound: ({ finding }) => {
      if (remarks.length < remarksMax) remarks.push(`damage was met on the way: ${finding}`)
    },
    scrubbed: nothing,
    scrubFailed: nothing,
    reserveGivenUp: ({ bytes }) => void remarks.push(`the disk is nearly full: the ${bytes} bytes held for this were given up`),
    indexStalled: ({ error }) =>
      void remarks.push(isCoded(error, 'storage-full') ? 'the disk has no room for the index' : 'the index is damaged'),
    tailCut: ({ bytes }) =>
      void remarks.push(`a torn end of ${bytes} bytes was cut, which held nothing that had been acknowledged`),
    failed: () => void remarks.push('a write failed while the store was open'),
  }
}

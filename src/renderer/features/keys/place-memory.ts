/** Favourites, recents, delimiter and opened sections: small, per cluster, kept by the browser and discardable. */

import { z } from 'zod'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { keysLimits } from './keys-limits.ts'

const key = z.string().min(1).max(wireLimits.keyBytesMax)

const memorySchema = z.object({
  /** Keys, and prefixes that end as folders do. */
  favourites: z.array(key).max(keysLimits.favouritesMax).catch([]),
  recents: z.array(key).max(keysLimits.recentsMax).catch([]),
  delimiter: z.string().max(16).catch('/'),
  /** Remembered while the flat list is chosen. */
  flat: z.boolean().catch(false),
  closed: z.array(z.enum(['favourites', 'recents'])).catch(['recents']),
})

export type PlaceMemory = z.infer<typeof memorySchema>

export const emptyMemory: PlaceMemory = { favourites: [], recents: [], delimiter: '/', flat: false, closed: ['recents'] }

function itemName(networkId: string): string {
  return `memo.keys.${networkId}`
}

export function readMemory(storage: Storage, networkId: string): PlaceMemory {
  try {
    const text = storage.getItem(itemName(networkId))
    const parsed = memorySchema.safeParse(text === null ? {} : JSON.parse(text))
    return parsed.success ? parsed.data : emptyMemory
  } catch {
    return emptyMemory
  }
}

export function writeMemory(storage: Storage, networkId: string, memory: PlaceMemory): void {
  try {
    storage.setItem(itemName(networkId), JSON.stringify(memory))
  } catch {
    // A full or forbidden storage costs the memory and nothing else.
  }
}

export function withRecent(memory: PlaceMemory, opened: string): PlaceMemory {
  const recents = [opened, ...memory.recents.filter((other) => other !== opened)].slice(0, keysLimits.recentsMax)
  return { ...memory, recents }
}

export function withFavourite(memory: PlaceMemory, name: string, wanted: boolean): PlaceMemory {
  const others = memory.favourites.filter((other) => other !== name)
  return { ...memory, favourites: wanted ? [...others, name].slice(-keysLimits.favouritesMax) : others }
}

export function withoutKey(memory: PlaceMemory, name: string): PlaceMemory {
  return { ...memory, recents: memory.recents.filter((other) => other !== name) }
}

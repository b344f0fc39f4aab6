import { create } from 'zustand'
import { useNode } from '../../connection/connection-provider.tsx'
import type { PlaceMemory } from './place-memory.ts'
import { emptyMemory, readMemory, writeMemory } from './place-memory.ts'

interface MemoryState {
  readonly networkId: string
  readonly memory: PlaceMemory
}

const useStore = create<MemoryState>()(() => ({ networkId: '', memory: emptyMemory }))

export function enterMemory(networkId: string): void {
  if (useStore.getState().networkId !== networkId) useStore.setState({ networkId, memory: readMemory(localStorage, networkId) })
}

export function changeMemory(change: (memory: PlaceMemory) => PlaceMemory): void {
  const { networkId, memory } = useStore.getState()
  const next = change(memory)
  useStore.setState({ memory: next })
  writeMemory(localStorage, networkId, next)
}

/** Favourites, recents and delimiter of the cluster whose node answers. */
export function useMemory(): PlaceMemory {
  const { hello } = useNode()
  const { networkId, memory } = useStore()
  return networkId === hello.networkId ? memory : emptyMemory
}

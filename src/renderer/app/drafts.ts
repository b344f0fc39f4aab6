import { create } from 'zustand'
import { screenLimits } from './screen-limits.ts'

/** Where a draft belongs. */
export interface DraftHome {
  readonly networkId: string
  readonly networkName: string
}

/** A text that was typed and is not saved. It outlives pages, crashes of the node and new epochs, because it lives here. */
export interface Draft {
  readonly text: string
  /** The version that the text was made from; empty for something new. */
  readonly base: string
  readonly home: DraftHome
  /** What a person calls it, e.g. its key. */
  readonly title: string
}

interface Drafts {
  /** By what they are drafts of, in their network, e.g. `4fb0… key orders/1`. */
  readonly drafts: Readonly<Record<string, Draft>>
  /** False when there are too many: some have to be saved or thrown away first. */
  readonly keep: (name: string, draft: Draft) => boolean
  readonly drop: (name: string) => void
}

export const useDrafts = create<Drafts>()((set, get) => ({
  drafts: {},
  keep(name, draft) {
    const { drafts } = get()
    if (!Object.hasOwn(drafts, name) && Object.keys(drafts).length >= screenLimits.draftsMax) return false
    set({ drafts: { ...drafts, [name]: draft } })
    return true
  },
  drop(name) {
    const { [name]: _dropped, ...drafts } = get().drafts
    set({ drafts })
  },
}))

/** Asks before the window is closed or loaded anew while something is not saved. */
export function guardDrafts(target: Window = window): () => void {
  const ask = (event: BeforeUnloadEvent): void => {
    if (Object.keys(useDrafts.getState().drafts).length > 0) event.preventDefault()
  }
  target.addEventListener('beforeunload', ask)
  return () => target.removeEventListener('beforeunload', ask)
}

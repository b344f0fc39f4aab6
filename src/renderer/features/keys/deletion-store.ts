import { create } from 'zustand'
import type { KeyMetadata } from '../../../ipc/contract/key-schemas.ts'

/** What waits for a person to say yes. */
export type Deletion =
  | { readonly kind: 'prefix'; readonly prefix: string }
  /** Too large to be kept for an undo. */
  | { readonly kind: 'large'; readonly metadata: KeyMetadata }

export const useDeletion = create<{ readonly asked: Deletion | undefined }>()(() => ({ asked: undefined }))

export function askDeletion(asked: Deletion | undefined): void {
  useDeletion.setState({ asked })
}

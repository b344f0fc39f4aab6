import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import type { NodeClient } from '../../../connection/clients.ts'
import { useNode } from '../../../connection/connection-provider.tsx'
import { failureOf } from '../../../connection/failure.ts'
import { useToast } from '../../../ui/toast.tsx'
import { askDeletion } from '../deletion-store.ts'
import { keysLimits } from '../keys-limits.ts'
import { withoutKey } from '../place-memory.ts'
import { closeTab, keyTabId, openKey, setNotice, useTabs } from '../tabs-store.ts'
import { changeMemory } from '../use-memory.ts'
import { visibleKey } from '../visible-key.ts'
import { isModified } from './draft.ts'
import { newRequestId } from './request-ids.ts'

interface Deleted {
  readonly metadata: KeyMetadata
  /** Absent where it was too large to be kept. */
  readonly value: Uint8Array | undefined
}

/** Removes the version that was looked at and no other; null where there is none, 'changed' where it is another by then. */
async function removeVersion(client: NodeClient, metadata: KeyMetadata): Promise<Deleted | 'changed'> {
  const { key, version, size } = metadata
  const keep = size <= keysLimits.wholeBytesMax
  const range = keep ? await client.kv.read({ key, version, offset: 0, length: size }) : null
  const result = await client.kv.delete({ key, expect: { kind: 'version', version }, requestId: newRequestId() })
  return result.kind === 'conflict' ? 'changed' : { metadata, value: range?.bytes }
}

/**
 * Deletes one key: without a question where the value can be kept for ten seconds and put back, with one where it cannot.
 * `seen` is the version that the person looked at.
 */
export function useDeleteKey(): (key: string, seen?: KeyMetadata, sure?: boolean) => Promise<void> {
  const { t } = useTranslation('keys')
  const { client } = useNode()
  const toast = useToast()
  return useCallback(
    async (key, seen, sure = false) => {
      const name = visibleKey(key)
      const problem = (text: string) => setNotice({ tone: 'danger', title: t('deleteFailed', { key: name }), text })
      const draft = useTabs.getState().drafts[key]
      if (draft !== undefined && isModified(draft)) return problem(t('deleteUnsaved'))
      try {
        const metadata = seen ?? (await client.kv.stat({ key }))
        if (metadata === null) return problem(t('deleteGone'))
        if (metadata.size > keysLimits.wholeBytesMax && !sure) return askDeletion({ kind: 'large', metadata })
        const deleted = await removeVersion(client, metadata)
        if (deleted === 'changed') return problem(t('deleteChanged'))
        closeTab(keyTabId(key))
        requestAnimationFrame(catchFocus)
        changeMemory((memory) => withoutKey(memory, key))
        const { value } = deleted
        toast({
          title: t('deleted', { key: name }),
          ...(value !== undefined && {
            undo: () => void putBack(client, metadata, value, (text) => problemOfUndo(name, text, t)),
          }),
        })
      } catch (error) {
        problem(failureOf(error).message)
      }
    },
    [client, t, toast],
  )
}

/** What had the focus went with the key, or it is on no control: it goes on in the list, and not at the beginning of the window. */
function catchFocus(): void {
  const { activeElement: present } = document
  const nowhere = present === document.body || (present instanceof HTMLElement && present.dataset.pane !== undefined)
  if (nowhere) document.querySelector<HTMLElement>('[role="tree"]')?.focus()
}

function problemOfUndo(name: string, text: string, t: ReturnType<typeof useTranslation<'keys'>>['t']): void {
  setNotice({ tone: 'danger', title: t('undoFailed', { key: name }), text: text === '' ? t('undoExists') : text })
}

/** Only where nobody made the key anew meanwhile. */
async function putBack(
  client: NodeClient,
  { key, contentType }: KeyMetadata,
  value: Uint8Array,
  failed: (text: string) => void,
): Promise<void> {
  try {
    const result = await client.kv.put({
      key,
      value: Uint8Array.from(value),
      contentType,
      expect: { kind: 'absent' },
      requestId: newRequestId(),
    })
    if (result.kind === 'conflict') failed('')
    else openKey(key)
  } catch (error) {
    failed(failureOf(error).message)
  }
}

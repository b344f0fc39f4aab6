import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { askDeletion } from './deletion-store.ts'
import { withFavourite, withRecent } from './place-memory.ts'
import { openKey, openNewKey, openTransfer } from './tabs-store.ts'
import { changeMemory } from './use-memory.ts'

export interface KeyCommands {
  readonly open: (key: string) => void
  readonly show: (prefix: string) => void
  readonly newKey: (prefix: string) => void
  readonly importKeys: (prefix: string) => void
  readonly exportKeys: (prefix: string) => void
  readonly removePrefix: (prefix: string) => void
  readonly favour: (name: string, wanted: boolean) => void
}

/** What the list, the header and the palette start. */
export function useKeyCommands(): KeyCommands {
  const navigate = useNavigate()
  return useMemo(
    () => ({
      open: (key) => {
        openKey(key)
        changeMemory((memory) => withRecent(memory, key))
      },
      show: (prefix) => void navigate({ to: '/keys', search: (before) => ({ ...before, prefix: prefix || undefined }) }),
      newKey: (prefix) => openNewKey({ key: prefix, text: '', view: 'json', contentType: 'application/json' }),
      importKeys: (prefix) => openTransfer('import', prefix),
      exportKeys: (prefix) => openTransfer('export', prefix),
      removePrefix: (prefix) => askDeletion({ kind: 'prefix', prefix }),
      favour: (name, wanted) => changeMemory((memory) => withFavourite(memory, name, wanted)),
    }),
    [navigate],
  )
}

import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteBlock } from '../../connection/use-write-block.ts'
import type { MenuEntry } from '../../ui/menu.tsx'
import { useDeleteKey } from './edit/use-delete-key.ts'
import type { RowActions } from './list/key-list.tsx'
import type { ListRow } from './list/list-rows.ts'
import { isFolderName, nameOf } from './list/list-rows.ts'
import { setNotice } from './tabs-store.ts'
import { useKeyCommands } from './use-key-commands.ts'
import { useMemory } from './use-memory.ts'

/** What can be done with a row, by pointer, key and menu. */
export function useRowActions(): RowActions {
  const { t } = useTranslation('keys')
  const { delimiter, favourites } = useMemory()
  const blocked = useWriteBlock()
  const commands = useKeyCommands()
  const deleteKey = useDeleteKey()
  return useMemo(() => {
    const isFolder = (row: ListRow, name: string) =>
      row.kind === 'folder' || (row.kind === 'place' && isFolderName(name, delimiter))
    const remove = (row: ListRow): void => {
      const name = nameOf(row)
      if (name === undefined) return
      if (blocked !== undefined) setNotice({ tone: 'warn', title: t('cannotDelete'), text: blocked })
      else if (isFolder(row, name)) commands.removePrefix(name)
      else void deleteKey(name)
    }
    const entriesFor = (row: ListRow | undefined): readonly MenuEntry[] => {
      const name = nameOf(row)
      const place = row !== undefined && name !== undefined && isFolder(row, name) ? name : ''
      const creating: MenuEntry[] = [
        {
          label: place === '' ? t('newKey') : t('newKeyHere'),
          disabled: blocked !== undefined,
          onSelect: () => commands.newKey(place),
        },
        {
          label: place === '' ? t('importDots') : t('importHere'),
          disabled: blocked !== undefined,
          onSelect: () => commands.importKeys(place),
        },
      ]
      if (row === undefined || name === undefined)
        return [...creating, { label: t('exportAll'), onSelect: () => commands.exportKeys('') }]
      const loved = favourites.includes(name)
      const shared: MenuEntry[] = [
        { label: t('copyKey'), onSelect: () => void navigator.clipboard.writeText(name) },
        { label: loved ? t('unfavourite') : t('favourite'), onSelect: () => commands.favour(name, !loved) },
      ]
      if (place === '') {
        return [
          { label: t('openKey'), shortcut: 'Enter', onSelect: () => commands.open(name) },
          ...shared,
          { kind: 'separator' },
          {
            label: t('deleteKey'),
            shortcut: 'Delete',
            danger: true,
            disabled: blocked !== undefined,
            onSelect: () => remove(row),
          },
        ]
      }
      return [
        { label: t('showOnly'), onSelect: () => commands.show(name) },
        ...shared,
        { kind: 'separator' },
        ...creating,
        { label: t('exportDots'), onSelect: () => commands.exportKeys(name) },
        { kind: 'separator' },
        { label: t('deletePrefix'), danger: true, disabled: blocked !== undefined, onSelect: () => remove(row) },
      ]
    }
    const open = (name: string) => (isFolderName(name, delimiter) ? commands.show(name) : commands.open(name))
    return { open, remove, entriesFor }
  }, [t, delimiter, favourites, blocked, commands, deleteKey])
}

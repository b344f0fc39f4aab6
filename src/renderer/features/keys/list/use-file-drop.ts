import type { ComponentPropsWithoutRef, DragEvent } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf } from '../../../connection/failure.ts'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { openImportOf, setNotice } from '../tabs-store.ts'
import { droppedFiles } from '../transfer/import-files.ts'

type FileDrop = Pick<ComponentPropsWithoutRef<'div'>, 'onDragOver' | 'onDragLeave' | 'onDrop'>

/** Files over the list: the place that takes them is the folder of the row below the pointer, and elsewhere the one that the list shows. */
export function useFileDrop(prefix: string): { readonly over: string | undefined; readonly handlers: FileDrop } {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const [over, setOver] = useState<string>()
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    event.dataTransfer.dropEffect = blocked === undefined ? 'copy' : 'none'
    setOver(placeAt(event, prefix))
  }
  const onDragLeave = (event: DragEvent<HTMLElement>): void => {
    const to = event.relatedTarget
    if (!(to instanceof Node && event.currentTarget.contains(to))) setOver(undefined)
  }
  const onDrop = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setOver(undefined)
    const place = placeAt(event, prefix)
    if (blocked !== undefined) setNotice({ tone: 'warn', title: t('cannotImport'), text: blocked })
    else
      droppedFiles(event.dataTransfer.items).then(
        (files) => openImportOf(place, files),
        (error: unknown) => setNotice({ tone: 'danger', title: t('dropFailed'), text: failureOf(error).message }),
      )
  }
  return { over, handlers: { onDragOver, onDragLeave, onDrop } }
}

function placeAt({ target }: DragEvent, prefix: string): string {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-place]') : null
  return row?.dataset.place ?? prefix
}

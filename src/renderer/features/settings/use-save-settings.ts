import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings, SettingsResult } from '../../../ipc/contract/setting-schemas.ts'
import { useNode } from '../../connection/connection-provider.tsx'
import { formatCount } from '../../ui/format.ts'
import { useToast } from '../../ui/toast.tsx'
import { useRowTexts } from './use-row-texts.ts'

/** The file as the page knows it. */
export interface KnownFile {
  readonly settings: Settings
  /** It could not be read again. */
  readonly unread: boolean
}

/** Why nothing was saved. */
export type Refusal = Exclude<SettingsResult, { kind: 'saved' }> | { readonly kind: 'failed'; readonly error: unknown }

/** Settings that wait for the next start and are named after a save: the notice goes by itself, and the page lists them all. */
const laterMax = 3

/** Saves settings, and lets the cache learn what became of them. */
export function useSaveSettings(file: KnownFile, onSaved: () => void) {
  const { queries } = useNode()
  const cache = useQueryClient()
  const toast = useToast()
  const { t } = useTranslation('settings')
  const savedText = useSavedText()
  const { refusal, refuse } = useRefusal(file)
  const queryKey = queries.settings.get.queryKey()
  // What refuses a change may be a fault of the file that the page does not know yet.
  const readAgain = () => void cache.invalidateQueries({ queryKey })
  const save = useMutation(
    queries.settings.put.mutationOptions({
      onMutate: () => refuse(undefined),
      onSuccess: (result, { expect }) => {
        if (result.kind === 'invalid') {
          refuse(result, [expect])
          return readAgain()
        }
        cache.setQueryData(queryKey, result.settings)
        // The page may see the file of the answer a moment later.
        if (result.kind === 'changed') return refuse(result, [expect, result.settings.digest])
        const description = savedText(result)
        toast({ title: t('saved'), ...(description !== '' && { description }) })
        onSaved()
      },
      onError: (error, { expect }) => {
        refuse({ kind: 'failed', error }, [expect])
        readAgain()
      },
    }),
  )
  return { put: save.mutate, saving: save.isPending, refusal, refuse }
}

interface Told {
  readonly refusal: Refusal
  /** Of the file that it was told of. */
  readonly digests: readonly string[]
  /** Whether that file has been seen to be at fault. */
  readonly faulty: boolean
}

/** What is said of a file ends with it: when it is another one, or was at fault and no longer is. */
function useRefusal({ settings: { digest, problems }, unread }: KnownFile) {
  const [told, setTold] = useState<Told>()
  const faulty = unread || problems.length > 0
  const over = told !== undefined && (!told.digests.includes(digest) || (told.faulty && !faulty))
  if (over) setTold(undefined)
  else if (told !== undefined && faulty && !told.faulty) setTold({ ...told, faulty })
  return {
    refusal: over ? undefined : told?.refusal,
    refuse: (refusal: Refusal | undefined, digests = [digest]) => setTold(refusal && { refusal, digests, faulty }),
  }
}

function useSavedText(): (result: Extract<SettingsResult, { kind: 'saved' }>) => string {
  const { t } = useTranslation('settings')
  const { labelOf, titleOf, valueText } = useRowTexts()
  return ({ restartNeeded, alsoApplied, settings }) => {
    const later = restartNeeded.slice(0, laterMax).map(titleOf).join(', ')
    const count = restartNeeded.length - laterMax
    const names = settings.rows
      .filter(({ name }) => alsoApplied.includes(name))
      .map(({ name, inForce }) => `${labelOf(name)}: ${valueText(inForce)}`)
    return [
      names.length > 0 && t('savedAlso', { names: names.join(', ') }),
      later !== '' &&
        (count > 0
          ? t('savedLaterMore', { count, number: formatCount(count), names: later })
          : t('savedLater', { names: later })),
    ]
      .filter((text) => text !== false)
      .join(' ')
  }
}

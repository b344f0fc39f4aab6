import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Settings } from '../../../ipc/contract/setting-schemas.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { showSection } from './section-nav.tsx'
import { useRowTexts } from './use-row-texts.ts'

interface FileProblemNoteProps {
  readonly settings: Settings
  readonly find: string
}

/** The file was changed by hand to something that would end the next start. */
export function FileProblemNote({ settings: { problems }, find }: FileProblemNoteProps): ReactElement | null {
  const { t } = useTranslation('settings')
  const { reasonsText } = useRowTexts()
  if (problems.length === 0) return null
  return (
    <Banner
      tone="danger"
      // A search may have left the editor out.
      actions={find === '' && <Button onClick={() => showSection('advanced')}>{t('showFile')}</Button>}
    >
      {t('fileProblem', { reason: reasonsText(problems) })}
    </Banner>
  )
}

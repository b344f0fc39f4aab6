import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { CodeEditor } from '../../../ui/code-editor.tsx'
import { formatBytes } from '../../../ui/format.ts'
import type { Draft } from '../edit/draft.ts'
import { storedText } from '../edit/draft.ts'
import css from './conflict-dialog.module.css'

interface RawTabProps {
  readonly draft: Draft
  readonly metadata: KeyMetadata
  /** Their text as it is stored. */
  readonly stored: string
}

/** The texts as they are stored, without colours and marks. */
export function RawTab({ draft, metadata, stored }: RawTabProps): ReactElement {
  const { t } = useTranslation('keys')
  const mine = storedText(draft)
  const mineSize = formatBytes(new TextEncoder().encode(mine).length)
  return (
    <div className={css.raw}>
      <section>
        <h3>{`${t('theirsLabel', { version: metadata.version })} · ${formatBytes(metadata.size)}`}</h3>
        <CodeEditor label={t('theirsRaw')} value={stored} wrap />
      </section>
      <section>
        <h3>{`${t('mineLabel')} · ${mineSize}`}</h3>
        <CodeEditor label={t('mineRaw')} value={mine} wrap />
      </section>
    </div>
  )
}

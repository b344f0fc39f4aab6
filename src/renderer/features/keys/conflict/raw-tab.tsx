import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { CodeEditor } from '../../../ui/code-editor.tsx'
import { formatBytes } from '../../../ui/format.ts'
import type { Draft, Theirs } from '../edit/draft.ts'
import { storedText } from '../edit/draft.ts'
import css from './conflict-dialog.module.css'

/** The texts as they are, without colours and marks. */
export function RawTab({ draft, theirs }: { readonly draft: Draft; readonly theirs: Theirs }): ReactElement {
  const { t } = useTranslation('keys')
  const mine = storedText(draft)
  const mineSize = formatBytes(new TextEncoder().encode(mine).length)
  return (
    <div className={css.raw}>
      <section>
        <h3>{`${t('theirsLabel', { version: theirs.metadata?.version ?? '' })} · ${formatBytes(theirs.metadata?.size ?? 0)}`}</h3>
        <CodeEditor label={t('theirsRaw')} value={theirs.text ?? ''} wrap />
      </section>
      <section>
        <h3>{`${t('mineLabel')} · ${mineSize}`}</h3>
        <CodeEditor label={t('mineRaw')} value={mine} wrap />
      </section>
    </div>
  )
}

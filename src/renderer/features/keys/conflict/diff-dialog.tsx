import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { MergeEditor } from '../../../ui/merge-editor.tsx'
import type { Draft } from '../edit/draft.ts'
import css from './conflict-dialog.module.css'

/** What was edited so far, against the version that it is based on. */
export function DiffDialog({ draft, onClose }: { readonly draft: Draft; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation('keys')
  return (
    <Dialog open wide onClose={onClose} title={t('diffTitle')} actions={<Button onClick={onClose}>{t('close')}</Button>}>
      <div className={css.merge}>
        <MergeEditor
          theirs={draft.baseText}
          theirsLabel={t('versionN', { version: draft.baseVersion })}
          mine={draft.text}
          mineLabel={t('mineLabel')}
          language={draft.view}
        />
      </div>
    </Dialog>
  )
}

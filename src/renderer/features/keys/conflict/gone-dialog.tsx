import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import type { Draft } from '../edit/draft.ts'
import { withoutConflict } from '../edit/draft.ts'
import { SaveTrouble } from '../edit/save-trouble.tsx'
import { useSaveDraft } from '../edit/use-save-draft.ts'
import { changeDraft } from '../tabs-store.ts'

/** A save came after somebody deleted the key. */
export function GoneDialog({ draft }: { readonly draft: Draft }): ReactElement {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const save = useSaveDraft(draft.key)
  const close = () => changeDraft(draft.key, withoutConflict)
  const recreate = (anyway: boolean) => void save({ expect: { kind: 'absent' }, anyway })
  return (
    <Dialog
      open
      onClose={close}
      title={t('conflictDeletedTitle')}
      description={t('conflictDeleted')}
      actions={
        <>
          <Button onClick={close}>{t('backToText')}</Button>
          <Button kind="primary" busy={draft.state === 'saving'} disabledReason={blocked} onClick={() => recreate(false)}>
            {t('recreate')}
          </Button>
        </>
      }
    >
      <SaveTrouble draft={draft} onSave={(options) => recreate(options?.anyway ?? false)} />
    </Dialog>
  )
}

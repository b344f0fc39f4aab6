import type { ReactElement } from 'react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { MergeEditor } from '../../../ui/merge-editor.tsx'
import { Tabs } from '../../../ui/tabs.tsx'
import type { Draft, Theirs } from '../edit/draft.ts'
import { mergeDraft } from '../edit/draft.ts'
import { useSaveDraft } from '../edit/use-save-draft.ts'
import { changeDraft, setDraft } from '../tabs-store.ts'
import { visibleKey } from '../visible-key.ts'
import css from './conflict-dialog.module.css'
import { RawTab } from './raw-tab.tsx'
import { WhatChanged } from './what-changed.tsx'

interface ConflictDialogProps {
  readonly draft: Draft
  readonly theirs: Theirs
}

type TabName = 'changed' | 'merge' | 'raw'

/** Two versions grew from one: shows both against their base, and saves only over the version that is shown. */
export function ConflictDialog({ draft, theirs }: ConflictDialogProps): ReactElement {
  const { t } = useTranslation('keys')
  const { metadata, text } = theirs
  const merge = useMemo(() => (draft.view === 'json' && text !== undefined ? mergeDraft(draft, text) : undefined), [draft, text])
  const joined = merge?.kind === 'merged' ? merge.text : draft.text
  const [edit, setEdit] = useState<{ readonly of: string | undefined; readonly text: string }>()
  const merged = edit !== undefined && edit.of === metadata?.version ? edit.text : joined
  const [tab, setTab] = useState<TabName>('changed')
  const close = () => changeDraft(draft.key, (now) => ({ ...now, conflict: undefined }))
  const title = metadata === undefined ? t('conflictDeletedTitle') : t('conflictTitle', { key: visibleKey(draft.key) })
  const tabs = [
    { name: 'changed' as const, label: t('tabChanged'), content: <WhatChanged draft={draft} theirs={theirs} merge={merge} /> },
    {
      name: 'merge' as const,
      label: t('tabMerge'),
      content: (
        <div className={css.pane}>
          <p className={css.lead}>{merge?.kind === 'merged' ? t('mergeDone') : t('mergeByHand')}</p>
          <div className={css.merge}>
            <MergeEditor
              key={metadata?.version}
              theirs={text ?? ''}
              theirsLabel={t('theirsLabel', { version: metadata?.version ?? '' })}
              mine={merged}
              mineLabel={t('mergedLabel')}
              language={draft.view}
              onChange={(next) => setEdit({ of: metadata?.version, text: next })}
            />
          </div>
        </div>
      ),
    },
    { name: 'raw' as const, label: t('tabRaw'), content: <RawTab draft={draft} theirs={theirs} /> },
  ]
  return (
    <Dialog
      open
      wide
      onClose={close}
      title={title}
      description={
        metadata === undefined ? t('conflictDeleted') : t('conflictText', { base: draft.baseVersion, version: metadata.version })
      }
      actions={
        <Actions draft={draft} theirs={theirs} merged={merged} merging={tab === 'merge'} onMerge={() => setTab('merge')} />
      }
    >
      {text === undefined ? (
        metadata !== undefined && <p>{t('theirsNoText')}</p>
      ) : (
        <div className={css.tabs}>
          <Tabs label={t('conflictTabs')} tabs={tabs} value={tab} onChange={setTab} />
        </div>
      )}
    </Dialog>
  )
}

interface ActionsProps extends ConflictDialogProps {
  readonly merged: string
  readonly merging: boolean
  readonly onMerge: () => void
}

function Actions({ draft, theirs, merged, merging, onMerge }: ActionsProps): ReactElement {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const save = useSaveDraft(draft.key)
  const busy = draft.state === 'saving'
  const end = () => setDraft(draft.key, undefined)
  if (theirs.metadata === undefined) {
    return (
      <>
        <Button onClick={end}>{t('discard')}</Button>
        <Button kind="primary" busy={busy} disabledReason={blocked} onClick={() => void save({ expect: { kind: 'absent' } })}>
          {t('recreate')}
        </Button>
      </>
    )
  }
  const { version } = theirs.metadata
  const expect = { kind: 'version', version } as const
  return (
    <>
      <Button onClick={end}>{t('keepTheirs')}</Button>
      <Button busy={busy} disabledReason={blocked} onClick={() => void save({ expect })}>
        {t('overwrite')}
      </Button>
      {theirs.text !== undefined &&
        (merging ? (
          <Button kind="primary" busy={busy} disabledReason={blocked} onClick={() => void save({ text: merged, expect })}>
            {t('saveMerged', { version })}
          </Button>
        ) : (
          <Button kind="primary" onClick={onMerge}>
            {t('mergeDots')}
          </Button>
        ))}
    </>
  )
}

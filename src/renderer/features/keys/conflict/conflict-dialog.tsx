import type { ReactElement } from 'react'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Loading } from '../../../ui/loading.tsx'
import { MergeEditor } from '../../../ui/merge-editor.tsx'
import { Tabs } from '../../../ui/tabs.tsx'
import type { Draft, Theirs } from '../edit/draft.ts'
import { mergeDraft, shownText } from '../edit/draft.ts'
import { useSaveDraft } from '../edit/use-save-draft.ts'
import { changeDraft, setDraft } from '../tabs-store.ts'
import { textOf } from '../value/sniff-value.ts'
import { useWholeValue } from '../value/value-queries.ts'
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
  const { metadata } = theirs
  const { text, loading } = useTheirText(draft, theirs)
  const merge = useMemo(() => (draft.view === 'json' && text !== undefined ? mergeDraft(draft, text) : undefined), [draft, text])
  const joined = merge?.kind === 'merged' ? merge.text : draft.text
  const [edit, setEdit] = useState<{ readonly of: string | undefined; readonly text: string }>()
  const merged = edit !== undefined && edit.of === metadata?.version ? edit.text : joined
  const [tab, setTab] = useState<TabName>('changed')
  const whole: Theirs = { ...theirs, ...(text !== undefined && { text }) }
  const close = () => changeDraft(draft.key, (now) => ({ ...now, conflict: undefined }))
  const title = metadata === undefined ? t('conflictDeletedTitle') : t('conflictTitle', { key: visibleKey(draft.key) })
  const tabs = [
    { name: 'changed' as const, label: t('tabChanged'), content: <WhatChanged draft={draft} theirs={whole} merge={merge} /> },
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
    { name: 'raw' as const, label: t('tabRaw'), content: <RawTab draft={draft} theirs={whole} /> },
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
      actions={<Actions draft={draft} theirs={whole} merged={merged} merging={tab === 'merge'} onMerge={() => setTab('merge')} />}
    >
      {text === undefined ? (
        metadata !== undefined && (loading ? <Loading text={t('readingTheirs')} /> : <p>{t('theirsNoText')}</p>)
      ) : (
        <div className={css.tabs}>
          <Tabs label={t('conflictTabs')} tabs={tabs} value={tab} onChange={setTab} />
        </div>
      )}
    </Dialog>
  )
}

/** A conflict brings small values along; larger ones are read here. */
function useTheirText(draft: Draft, theirs: Theirs): { readonly text: string | undefined; readonly loading: boolean } {
  const wanted = theirs.text === undefined && theirs.metadata !== undefined
  const value = useWholeValue(theirs.metadata, wanted)
  const bytes = value.data ?? undefined
  const stored = useMemo(() => (bytes === undefined ? undefined : textOf(bytes, true)), [bytes])
  const text = theirs.text ?? (stored === undefined ? undefined : shownText(stored, draft.view))
  return { text, loading: wanted && value.isLoading }
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

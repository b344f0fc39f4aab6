import type { ReactElement } from 'react'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { useNode } from '../../../connection/connection-provider.tsx'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Button } from '../../../ui/button.tsx'
import { ConfirmDialog } from '../../../ui/confirm-dialog.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Loading } from '../../../ui/loading.tsx'
import { Tabs } from '../../../ui/tabs.tsx'
import type { Draft, Theirs } from '../edit/draft.ts'
import { edited, rootsOf, shownText, withoutConflict } from '../edit/draft.ts'
import { SaveTrouble } from '../edit/save-trouble.tsx'
import type { SaveOptions } from '../edit/use-save-draft.ts'
import { useSaveDraft } from '../edit/use-save-draft.ts'
import { changeDraft } from '../tabs-store.ts'
import { textOf } from '../value/sniff-value.ts'
import { useWholeValue } from '../value/value-queries.ts'
import { visibleKey } from '../visible-key.ts'
import css from './conflict-dialog.module.css'
import { GoneDialog } from './gone-dialog.tsx'
import { MergeTab } from './merge-tab.tsx'
import type { TextMerge } from './merge-texts.ts'
import { mergeTexts } from './merge-texts.ts'
import { RawTab } from './raw-tab.tsx'
import { useKeepTheirs, useNewerTheirs } from './use-newer-theirs.ts'
import { WhatChanged } from './what-changed.tsx'

interface ConflictDialogProps {
  readonly draft: Draft
  readonly theirs: Theirs
  /** The key as it is on the node; null where it is gone. */
  readonly current: KeyMetadata | null
}

type TabName = 'changed' | 'merge' | 'raw'

/** Two versions grew from one: shows both against their base, and saves only over the version that is shown. */
export function ConflictDialog({ draft, theirs, current }: ConflictDialogProps): ReactElement {
  const pending = useNewerTheirs(draft, theirs, current)
  return theirs.metadata === undefined ? (
    <GoneDialog draft={draft} />
  ) : (
    <TwoVersions draft={draft} theirs={theirs} metadata={theirs.metadata} pending={pending} />
  )
}

interface TwoVersionsProps {
  readonly draft: Draft
  readonly theirs: Theirs
  readonly metadata: KeyMetadata
  /** A newer version, which is not shown yet. */
  readonly pending: string | undefined
}

function TwoVersions({ draft, theirs, metadata, pending }: TwoVersionsProps): ReactElement {
  const { t } = useTranslation('keys')
  const { version } = metadata
  const { stored, loading } = useTheirText(theirs)
  const merge = useMerge(draft, version, stored)
  const merged = draft.merge?.version === version ? draft.merge.text : merge?.merged
  const [tab, setTab] = useState<TabName>('changed')
  const [leaving, setLeaving] = useState(false)
  const [firstVersion] = useState(version)
  const { run, again } = useSaves(draft.key)
  const keep = useOpenMerge(draft, version, merge)
  const close = () => changeDraft(draft.key, withoutConflict)
  // What was joined with a newer version holds what was typed before it came.
  const typed = draft.merge !== undefined && (draft.merge.roots.version !== draft.baseVersion || merged !== merge?.merged)
  const saveMerged = (): void => {
    if (merged === undefined) return
    // It is what the next merge begins with, should the version not be the last any more.
    keep(merged)
    run({ text: merged, expect: { kind: 'version', version } })
  }
  return (
    <Dialog
      open
      wide
      onClose={() => (typed ? setLeaving(true) : close())}
      title={t('conflictTitle', { key: visibleKey(draft.key) })}
      description={t('conflictText', { base: draft.baseVersion, version })}
      actions={
        <Actions
          draft={draft}
          version={version}
          pending={pending}
          merging={tab === 'merge'}
          onSave={run}
          onMerge={merge === undefined ? undefined : () => setTab('merge')}
          onSaveMerged={saveMerged}
        />
      }
    >
      <div role="status">{version !== firstVersion && <p className={css.newer}>{t('newerMeanwhile', { version })}</p>}</div>
      {merge === undefined || merged === undefined || stored === undefined ? (
        loading ? (
          <Loading text={t('readingTheirs')} />
        ) : (
          <p>{t('theirsNoText')}</p>
        )
      ) : (
        <div className={css.tabs}>
          <Tabs
            label={t('conflictTabs')}
            tabs={[
              { name: 'changed', label: t('tabChanged'), content: <WhatChanged draft={draft} version={version} merge={merge} /> },
              {
                name: 'merge',
                label: t('tabMerge'),
                content: <MergeTab draft={draft} version={version} merge={merge} merged={merged} onChange={keep} />,
              },
              { name: 'raw', label: t('tabRaw'), content: <RawTab draft={draft} metadata={metadata} stored={stored} /> },
            ]}
            value={tab}
            onChange={setTab}
          />
        </div>
      )}
      <SaveTrouble draft={draft} onSave={again} />
      <ConfirmDialog
        open={leaving}
        onClose={() => setLeaving(false)}
        onConfirm={close}
        title={t('leaveMergeTitle')}
        description={t('leaveMergeText')}
        action={t('leaveMerge')}
      />
    </Dialog>
  )
}

/** Saves; `again` repeats the last with something more said. */
function useSaves(key: string) {
  const save = useSaveDraft(key)
  const [last, setLast] = useState<SaveOptions>({})
  const run = (options: SaveOptions): void => {
    setLast(options)
    void save(options)
  }
  return { run, again: (more: SaveOptions = {}) => run({ ...last, ...more }) }
}

/** A conflict brings small values along; larger ones are read here. */
function useTheirText(theirs: Theirs): { readonly stored: string | undefined; readonly loading: boolean } {
  const wanted = theirs.stored === undefined && theirs.metadata !== undefined
  const value = useWholeValue(theirs.metadata, wanted)
  const bytes = value.data ?? undefined
  const read = useMemo(() => (bytes === undefined ? undefined : textOf(bytes, true)), [bytes])
  return { stored: theirs.stored ?? read, loading: wanted && value.isLoading }
}

export interface ShownMerge extends TextMerge {
  readonly roots: ReturnType<typeof rootsOf>
  /** Their text as an editor shows it. */
  readonly original: string
}

function useMerge(draft: Draft, version: string, stored: string | undefined): ShownMerge | undefined {
  const { view } = draft
  const roots = rootsOf(draft, version)
  const { version: from, base, mine } = roots
  return useMemo(() => {
    if (stored === undefined) return undefined
    const original = shownText(stored, view)
    return { ...mergeTexts(view, base, original, mine), original, roots: { version: from, base, mine } }
  }, [view, stored, from, base, mine])
}

/** Keeps what is typed into a merge with the draft. What it becomes by a newer version is kept too: it is what is shown then. */
function useOpenMerge(draft: Draft, version: string, merge: ShownMerge | undefined): (text: string) => void {
  const { key, merge: before } = draft
  useEffect(() => {
    if (merge === undefined || before === undefined || before.version === version) return
    const { roots, original, merged } = merge
    const joined = { roots, version, theirs: original, text: merged }
    // What was typed on meanwhile is joined when it has been shown.
    changeDraft(key, (now) => (now.merge === before ? { ...now, merge: joined } : now))
  }, [key, version, merge, before])
  return (text) => {
    if (merge === undefined) return
    const { roots, original } = merge
    changeDraft(key, (now) => ({ ...edited(now, now.text), merge: { roots, version, theirs: original, text } }))
  }
}

interface ActionsProps {
  readonly draft: Draft
  readonly version: string
  readonly pending: string | undefined
  readonly merging: boolean
  readonly onSave: (options: SaveOptions) => void
  /** Absent where there is no text to merge with. */
  readonly onMerge: (() => void) | undefined
  readonly onSaveMerged: () => void
}

/** Every button acts on the version that is shown, and on no other. */
function Actions({ draft, version, pending, merging, onSave, onMerge, onSaveMerged }: ActionsProps): ReactElement {
  const { t } = useTranslation('keys')
  const { live } = useNode()
  const blocked = useWriteBlock()
  const keepTheirs = useKeepTheirs(draft, version)
  const busy = draft.state === 'saving'
  const waiting = pending === undefined ? undefined : t('newerComing', { version: pending })
  const reason = blocked ?? waiting
  return (
    <>
      <Button disabledReason={live ? waiting : t('away')} onClick={keepTheirs}>
        {t('keepTheirs')}
      </Button>
      <Button busy={busy} disabledReason={reason} onClick={() => onSave({ expect: { kind: 'version', version } })}>
        {t('overwrite')}
      </Button>
      {onMerge !== undefined &&
        (merging ? (
          <Button kind="primary" busy={busy} disabledReason={reason} onClick={onSaveMerged}>
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

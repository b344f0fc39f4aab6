import type { TFunction } from 'i18next'
import { GitMerge } from 'lucide-react'
import type { ReactElement } from 'react'
import { useDeferredValue, useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Button } from '../../../ui/button.tsx'
import type { MergeOutcome } from '../conflict/merge-texts.ts'
import { isCertain, mergeTexts } from '../conflict/merge-texts.ts'
import { pathList } from '../conflict/path-list.ts'
import { changeDraft, setDraft } from '../tabs-store.ts'
import { textOf } from '../value/sniff-value.ts'
import { useWholeValue } from '../value/value-queries.ts'
import type { Draft, Theirs } from './draft.ts'
import { beginDraft, isModified, shownText } from './draft.ts'
import css from './edit-bar.module.css'
import { useSaveDraft } from './use-save-draft.ts'

interface ChangedBannerProps {
  readonly draft: Draft
  readonly current: KeyMetadata | null
  /** Gives the focus to the text: the buttons go as soon as they act. */
  readonly toText: () => void
}

/** Another writer saved or deleted the key while it is edited: says so, before the person runs into it. */
export function ChangedBanner({ draft, current, toText }: ChangedBannerProps): ReactElement | null {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const save = useSaveDraft(draft.key)
  const changed = draft.state !== 'saving' && current !== null && current.version !== draft.baseVersion
  const value = useWholeValue(current, changed).data ?? undefined
  const stored = useMemo(() => (changed && value !== undefined ? textOf(value, true) : undefined), [changed, value])
  const untouched = !isModified(draft)
  useEffect(() => {
    // Nothing was typed yet: the edit simply begins with the newer text.
    if (changed && untouched && stored !== undefined) setDraft(draft.key, beginDraft(current, stored, draft.view))
  }, [changed, untouched, stored, current, draft.key, draft.view])
  const { view, baseText } = draft
  // A long text takes its time, which no letter that is typed shall wait for.
  const text = useDeferredValue(draft.text)
  const merge = useMemo(
    () => (stored !== undefined && !untouched ? mergeTexts(view, baseText, shownText(stored, view), text) : undefined),
    [view, baseText, stored, untouched, text],
  )
  if (draft.state === 'saving' || draft.conflict !== undefined) return null
  if (current === null) return <DeletedBanner draft={draft} toText={toText} />
  if (!changed || untouched) return null
  const theirs: Theirs = { metadata: current, ...(stored !== undefined && { stored }) }
  const next = String(BigInt(current.version) + 1n)
  const outcome = merge?.outcome
  const certain = merge !== undefined && isCertain(merge)
  const compare = (): void => {
    toText()
    changeDraft(draft.key, (now) => ({ ...now, conflict: theirs }))
  }
  const saveMerged = (): void => {
    if (stored === undefined) return
    toText()
    const joined = mergeTexts(view, baseText, shownText(stored, view), draft.text)
    if (isCertain(joined)) void save({ text: joined.merged, expect: { kind: 'version', version: current.version } })
  }
  return (
    <div className={css.changed} role="alert">
      <GitMerge size={20} aria-hidden="true" />
      <div className={css.text}>
        <h3>{t('savedMeanwhile', { version: current.version })}</h3>
        <p>{adviceOf(outcome, t)}</p>
      </div>
      <Button onClick={compare}>{t('compare')}</Button>
      {certain && outcome?.kind !== 'lines' && (
        <Button kind="primary" disabledReason={blocked} onClick={saveMerged}>
          {outcome?.kind === 'same' ? t('overwrite') : t('mergeSaveAs', { version: next })}
        </Button>
      )}
    </div>
  )
}

/** Lines have no names by which they could be told without showing them: they are joined in the comparison. */
function adviceOf(outcome: MergeOutcome | undefined, t: TFunction<'keys'>): string {
  if (outcome === undefined || outcome.kind === 'by-hand') return t('compareFirst')
  if (outcome.kind === 'same') return t('savedSame')
  if (outcome.kind === 'lines') {
    return outcome.overlaps === 0 ? t('noOverlapLines') : t('overlapLines', { count: outcome.overlaps })
  }
  const { mine, theirs, overlaps } = outcome
  return overlaps.length === 0
    ? t('noOverlap', { mine: pathList(mine, t), theirs: pathList(theirs, t) })
    : t('overlap', { paths: pathList(overlaps, t) })
}

function DeletedBanner({ draft, toText }: Pick<ChangedBannerProps, 'draft' | 'toText'>): ReactElement {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const save = useSaveDraft(draft.key)
  const recreate = (): void => {
    toText()
    void save({ expect: { kind: 'absent' } })
  }
  return (
    <div className={css.changed} role="alert">
      <GitMerge size={20} aria-hidden="true" />
      <div className={css.text}>
        <h3>{t('deletedMeanwhile')}</h3>
        <p>{t('deletedMeanwhileText')}</p>
      </div>
      <Button kind="primary" disabledReason={blocked} onClick={recreate}>
        {t('recreate')}
      </Button>
    </div>
  )
}

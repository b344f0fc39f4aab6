import type { TFunction } from 'i18next'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { MergeEditor } from '../../../ui/merge-editor.tsx'
import type { Draft } from '../edit/draft.ts'
import css from './conflict-dialog.module.css'
import type { MergeOutcome, TextMerge } from './merge-texts.ts'
import { isCertain } from './merge-texts.ts'
import { pathList } from './path-list.ts'

interface MergeTabProps {
  readonly draft: Draft
  readonly version: string
  readonly merge: TextMerge
  readonly merged: string
  readonly onChange: (text: string) => void
}

/** Both changes in one text as far as they fit together; what is left to decide is said above. */
export function MergeTab({ draft, version, merge, merged, onChange }: MergeTabProps): ReactElement {
  const { t } = useTranslation('keys')
  return (
    <div className={css.pane}>
      <p className={isCertain(merge) ? css.lead : css.warn}>{leadOf(merge.outcome, t)}</p>
      {merge.rewritten && <p className={css.lead}>{t('mergeAlike')}</p>}
      <div className={css.merge}>
        <MergeEditor
          theirs={merge.theirs}
          theirsLabel={t('theirsLabel', { version })}
          mine={merged}
          mineLabel={t('mergedLabel')}
          language={draft.view}
          onChange={onChange}
        />
      </div>
    </div>
  )
}

function leadOf(outcome: MergeOutcome, t: TFunction<'keys'>): string {
  if (outcome.kind === 'by-hand') return t('mergeByHand')
  if (outcome.kind === 'same') return t('savedSame')
  if (outcome.kind === 'paths') {
    return outcome.overlaps.length === 0 ? t('mergeDone') : t('mergePaths', { paths: pathList(outcome.overlaps, t) })
  }
  return outcome.overlaps === 0 ? t('mergeDone') : t('mergeLines', { count: outcome.overlaps })
}

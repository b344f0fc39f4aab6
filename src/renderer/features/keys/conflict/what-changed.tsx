import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MergeEditor } from '../../../ui/merge-editor.tsx'
import { Segmented } from '../../../ui/segmented.tsx'
import type { Draft, Roots } from '../edit/draft.ts'
import css from './conflict-dialog.module.css'
import type { TextMerge } from './merge-texts.ts'
import { isCertain } from './merge-texts.ts'
import { pathList } from './path-list.ts'

interface WhatChangedProps {
  readonly draft: Draft
  readonly version: string
  readonly merge: TextMerge & { readonly roots: Roots }
}

/** Each side against the base that both came from. */
export function WhatChanged({ draft, version, merge }: WhatChangedProps): ReactElement {
  const { t } = useTranslation('keys')
  const [chosen, setSide] = useState<'theirs' | 'mine'>('theirs')
  const same = merge.outcome.kind === 'same'
  // Theirs has nothing to show against a base that is the same text.
  const side = same ? 'mine' : chosen
  const label = side === 'theirs' ? t('theirsLabel', { version }) : t('mineLabel')
  return (
    <div className={css.pane}>
      <Summary merge={merge} />
      {!same && (
        <Segmented
          label={t('sideLabel')}
          options={[
            { value: 'theirs', label: t('sideTheirs') },
            { value: 'mine', label: t('sideMine') },
          ]}
          value={side}
          onChange={setSide}
        />
      )}
      <div className={css.merge}>
        <MergeEditor
          key={side}
          theirs={merge.base}
          theirsLabel={same ? t('theirsLabel', { version }) : t('baseLabel', { version: merge.roots.version })}
          mine={side === 'theirs' ? merge.theirs : merge.mine}
          mineLabel={label}
          language={draft.view}
        />
      </div>
    </div>
  )
}

function Summary({ merge }: { readonly merge: TextMerge }): ReactElement {
  const { t } = useTranslation('keys')
  const { outcome } = merge
  const certain = isCertain(merge)
  const lines =
    outcome.kind === 'lines' && outcome.overlaps > 0
      ? t('overlapLines', { count: outcome.overlaps })
      : outcome.kind === 'by-hand'
        ? t('overlapUnknown')
        : undefined
  return (
    <ul className={css.paths}>
      {outcome.kind === 'paths' && (
        <>
          <li>{t('theyChanged', { paths: pathList(outcome.theirs, t) })}</li>
          <li>{t('youChanged', { paths: pathList(outcome.mine, t) })}</li>
          {!certain && <li className={css.warn}>{t('overlap', { paths: pathList(outcome.overlaps, t) })}</li>}
        </>
      )}
      {lines !== undefined && <li className={css.warn}>{lines}</li>}
      {certain && <li className={css.ok}>{outcome.kind === 'same' ? t('savedSame') : t('noOverlapShort')}</li>}
    </ul>
  )
}

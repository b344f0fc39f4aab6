import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MergeEditor } from '../../../ui/merge-editor.tsx'
import { Segmented } from '../../../ui/segmented.tsx'
import type { Draft, Theirs } from '../edit/draft.ts'
import type { JsonMerge } from '../json/json-merge.ts'
import css from './conflict-dialog.module.css'
import { pathList } from './path-list.ts'

interface WhatChangedProps {
  readonly draft: Draft
  readonly theirs: Theirs
  readonly merge: JsonMerge | undefined
}

/** Each side against the base that both came from. */
export function WhatChanged({ draft, theirs, merge }: WhatChangedProps): ReactElement {
  const { t } = useTranslation('keys')
  const [side, setSide] = useState<'theirs' | 'mine'>('theirs')
  const label = side === 'theirs' ? t('theirsLabel', { version: theirs.metadata?.version ?? '' }) : t('mineLabel')
  return (
    <div className={css.pane}>
      {merge !== undefined && merge.kind !== 'impossible' && (
        <ul className={css.paths}>
          <li>{t('theyChanged', { paths: pathList(merge.theirs, t) })}</li>
          <li>{t('youChanged', { paths: pathList(merge.mine, t) })}</li>
          <li className={merge.kind === 'merged' ? css.ok : css.warn}>
            {merge.kind === 'merged' ? t('noOverlapShort') : t('overlap', { paths: pathList(merge.paths, t) })}
          </li>
        </ul>
      )}
      <Segmented
        label={t('sideLabel')}
        options={[
          { value: 'theirs', label: t('sideTheirs') },
          { value: 'mine', label: t('sideMine') },
        ]}
        value={side}
        onChange={setSide}
      />
      <div className={css.merge}>
        <MergeEditor
          key={side}
          theirs={draft.baseText}
          theirsLabel={t('baseLabel', { version: draft.baseVersion })}
          mine={side === 'theirs' ? (theirs.text ?? '') : draft.text}
          mineLabel={label}
          language={draft.view}
        />
      </div>
    </div>
  )
}

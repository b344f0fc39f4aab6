import { Code, Search, Star, Trash2, WrapText } from 'lucide-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { formatAgo, formatBytes, formatTime } from '../../../ui/format.ts'
import { IconButton } from '../../../ui/icon-button.tsx'
import { Segmented } from '../../../ui/segmented.tsx'
import { KeyText } from '../key-text.tsx'
import { useKeyCommands } from '../use-key-commands.ts'
import { useMemory } from '../use-memory.ts'
import { visibleKey } from '../visible-key.ts'
import type { ValueView } from './present-value.ts'
import css from './value-header.module.css'

interface ValueHeaderProps {
  readonly name: string
  /** Of the value that there is; undefined where the key is gone. */
  readonly metadata: KeyMetadata | undefined
  /** In place of the facts of a value. */
  readonly remark?: string | undefined
  /** What the bytes were taken for. */
  readonly kind: string | undefined
  readonly views: readonly ValueView[]
  readonly view: ValueView
  readonly onView: (view: ValueView) => void
  readonly wrap: boolean
  readonly onWrap: (wrap: boolean) => void
  readonly onFind: (() => void) | undefined
  readonly onCode: () => void
  readonly onDelete: () => void
  readonly deleteBlocked: string | undefined
  /** Edit, or nothing while it is edited. */
  readonly children?: ReactNode
}

export function ValueHeader(props: ValueHeaderProps): ReactElement {
  const { name, metadata, remark, kind, views, view, onView, wrap, onWrap, onFind, onCode, onDelete, deleteBlocked, children } =
    props
  const { t } = useTranslation('keys')
  const { favourites } = useMemory()
  const { favour } = useKeyCommands()
  const loved = favourites.includes(name)
  return (
    <header className={css.header}>
      <div className={css.line}>
        <h2 className={css.key} title={visibleKey(name)} translate="no">
          <KeyText text={name} className={css.text} />
        </h2>
        <CopyButton text={name} label={t('copyKey')} />
        <IconButton
          label={loved ? t('unfavourite') : t('favourite')}
          pressed={loved}
          icon={<Star size={16} aria-hidden="true" fill={loved ? 'currentColor' : 'none'} />}
          onClick={() => favour(name, !loved)}
        />
        <div className={css.tools}>{children}</div>
      </div>
      <div className={css.line} data-views={views.length > 3 ? 'many' : views.length > 1 ? 'few' : undefined}>
        {views.length > 1 && (
          <div className={css.views}>
            <Segmented
              label={t('viewLabel')}
              options={views.map((value) => ({ value, label: t(`view_${value}`) }))}
              value={view}
              onChange={onView}
            />
          </div>
        )}
        <Facts metadata={metadata} remark={remark} kind={kind} />
        <div className={css.tools}>
          <IconButton
            label={t('wrap')}
            icon={<WrapText size={16} aria-hidden="true" />}
            pressed={wrap}
            onClick={() => onWrap(!wrap)}
          />
          {onFind !== undefined && (
            <IconButton label={t('find')} shortcut="mod+f" icon={<Search size={16} aria-hidden="true" />} onClick={onFind} />
          )}
          <IconButton label={t('showAsCode')} icon={<Code size={16} aria-hidden="true" />} onClick={onCode} />
          <IconButton
            label={t('deleteKey')}
            icon={<Trash2 size={16} aria-hidden="true" />}
            disabledReason={deleteBlocked}
            onClick={onDelete}
          />
        </div>
      </div>
    </header>
  )
}

/** What matters most comes first; what finds no room in a line goes to the next as a whole. The tooltip has the time in full. */
function Facts({ metadata, remark, kind }: Pick<ValueHeaderProps, 'metadata' | 'remark' | 'kind'>): ReactElement {
  const { t } = useTranslation('keys')
  if (metadata === undefined || remark !== undefined) return <span className={css.facts}>{remark}</span>
  const { size, version, modifiedMs } = metadata
  const facts = [formatBytes(size), kind, t('versionN', { version }), formatAgo(modifiedMs)].filter((fact) => fact !== undefined)
  return (
    <span className={css.facts} title={[...facts, formatTime(modifiedMs)].join(' · ')}>
      {facts.map((fact, index) => (
        <span key={fact} className={css.fact}>
          {index < facts.length - 1 ? `${fact} · ` : fact}
        </span>
      ))}
    </span>
  )
}

import { clsx } from 'clsx'
import {
  Braces,
  ChevronDown,
  ChevronRight,
  File,
  FileText,
  Folder as FolderIcon,
  Image,
  MoreHorizontal,
  Star,
} from 'lucide-react'
import type { CSSProperties, ReactElement } from 'react'
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { useNodeStatus } from '../../../connection/use-node-status.ts'
import { Button } from '../../../ui/button.tsx'
import { formatCount } from '../../../ui/format.ts'
import { SkeletonRows } from '../../../ui/loading.tsx'
import { KeyText } from '../key-text.tsx'
import { keysLimits } from '../keys-limits.ts'
import { visibleKey } from '../visible-key.ts'
import type { Folder } from './key-tree.ts'
import css from './list-row.module.css'
import type { ListRow } from './list-rows.ts'
import { isFolderName, tailOf } from './list-rows.ts'
import type { TreeLoader } from './tree-loader.ts'

interface ListRowProps {
  readonly row: ListRow | undefined
  readonly tree: TreeLoader | undefined
  readonly delimiter: string
}

function ListRowOf({ row, tree, delimiter }: ListRowProps): ReactElement | null {
  if (row === undefined) return null
  switch (row.kind) {
    case 'section':
    case 'heading':
      return <HeadRow row={row} />
    case 'place':
      return (
        <Line
          level={1}
          chevron={undefined}
          icon={<NameIcon name={row.name} contentType="" delimiter={delimiter} />}
          title={row.name}
        >
          <KeyText text={row.name} className={css.label} />
        </Line>
      )
    case 'found':
      return (
        <Line level={0} chevron={undefined} icon={<NameIcon {...named(row.metadata)} delimiter="" />} title={row.metadata.key}>
          <KeyText text={row.metadata.key} className={css.label} />
        </Line>
      )
    case 'tail':
      return tree === undefined ? null : <TailRow folder={row.folder} tail={row.tail} tree={tree} />
    case 'key':
      return (
        <Line
          level={row.folder.depth}
          chevron={undefined}
          icon={<NameIcon name={row.name} contentType={row.contentType} delimiter="" />}
          title={row.name}
        >
          <TailText text={tailOf(row.name, row.folder.prefix, delimiter)} />
        </Line>
      )
    case 'folder':
      return (
        <Line
          level={row.folder.depth}
          chevron={row.opened !== undefined}
          icon={<FolderIcon size={16} aria-hidden="true" />}
          title={row.name}
        >
          <KeyText text={tailOf(row.name, row.folder.prefix, delimiter)} className={css.label} />
          <Count folder={row.opened} known={tree?.known.get(row.name)} />
        </Line>
      )
  }
}

/** Rows are made anew for each frame of a scroll; a key that looks as before is not drawn again. */
function looksAlike(before: ListRowProps, now: ListRowProps): boolean {
  const [old, next] = [before.row, now.row]
  if (old?.kind !== 'key' || next?.kind !== 'key') return false
  return (
    old.name === next.name &&
    old.contentType === next.contentType &&
    old.folder.depth === next.folder.depth &&
    old.folder.prefix === next.folder.prefix &&
    before.delimiter === now.delimiter
  )
}

export const ListRowView = memo(ListRowOf, looksAlike)

function named(metadata: { readonly key: string; readonly contentType: string }) {
  return { name: metadata.key, contentType: metadata.contentType }
}

interface LineProps {
  readonly level: number
  /** Undefined where nothing can be opened. */
  readonly chevron: boolean | undefined
  readonly icon: ReactElement
  readonly title: string
  readonly children: React.ReactNode
}

function Line({ level, chevron, icon, title, children }: LineProps): ReactElement {
  const Chevron = chevron ? ChevronDown : ChevronRight
  return (
    <div className={css.line} style={{ paddingLeft: 8 + Math.min(level, 12) * 18 }} title={visibleKey(title)} translate="no">
      <span className={css.chevron} data-chevron={chevron !== undefined || undefined}>
        {chevron !== undefined && <Chevron size={14} aria-hidden="true" />}
      </span>
      <span className={css.icon}>{icon}</span>
      {children}
    </div>
  )
}

/** A key that ends with the separator has nothing behind it, which would be a row without a name. */
function TailText({ text }: { readonly text: string }) {
  const { t } = useTranslation('keys')
  if (text !== '') return <KeyText text={text} className={css.label} />
  return (
    <span className={clsx(css.label, css.muted)} translate="yes">
      {t('emptyName')}
    </span>
  )
}

/** The glyph goes by what the writer said, because no value is read for a row. */
function NameIcon({
  name,
  contentType,
  delimiter,
}: {
  readonly name: string
  readonly contentType: string
  readonly delimiter: string
}) {
  if (isFolderName(name, delimiter)) return <FolderIcon size={16} aria-hidden="true" />
  if (/[/+]json\b/.test(contentType)) return <Braces size={16} aria-hidden="true" />
  if (contentType.startsWith('image/')) return <Image size={16} aria-hidden="true" />
  if (contentType.startsWith('text/')) return <FileText size={16} aria-hidden="true" />
  return <File size={16} aria-hidden="true" />
}

function Count({
  folder,
  known,
}: {
  readonly folder: Folder | undefined
  readonly known: { count: number; complete: boolean } | undefined
}) {
  const { t } = useTranslation('keys')
  const count =
    folder === undefined || folder.pages.length === 0 ? known : { count: folder.entryCount, complete: folder.complete }
  if (count === undefined) return null
  const number = formatCount(count.count)
  return <span className={css.count}>{count.complete ? number : t('atLeast', { number })}</span>
}

function HeadRow({ row }: { readonly row: Extract<ListRow, { kind: 'section' | 'heading' }> }) {
  const { t } = useTranslation('keys')
  if (row.kind === 'heading') return <div className={clsx(css.line, css.head, css.plain)}>{t('allKeys')}</div>
  const Chevron = row.open ? ChevronDown : ChevronRight
  return (
    <div className={clsx(css.line, css.head)}>
      <Chevron size={12} aria-hidden="true" />
      {row.section === 'favourites' && <Star size={12} aria-hidden="true" />}
      {t(row.section)}
      <span className={css.count}>{row.count}</span>
    </div>
  )
}

function TailRow({
  folder,
  tail,
  tree,
}: {
  readonly folder: Folder
  readonly tail: NonNullable<Folder['tail']>
  readonly tree: TreeLoader
}) {
  const { t } = useTranslation('keys')
  const style = { paddingLeft: 8 + Math.min(folder.depth, 12) * 18 + 18 }
  if (tail === 'loading') {
    return (
      <div className={css.loading} style={style}>
        <span className="visually-hidden">{t('loadingFolder')}</span>
        <SkeletonRows rows={1} />
      </div>
    )
  }
  if (tail === 'empty')
    return (
      <div className={clsx(css.line, css.muted)} style={style}>
        {t('folderEmpty')}
      </div>
    )
  if (tail === 'failed') {
    const reason = folder.state.kind === 'failed' ? folder.state.failure.message : ''
    return (
      <div className={clsx(css.line, css.failed)} style={style} title={reason}>
        <span className={css.label}>{t('folderFailed', { reason })}</span>
        <Button kind="link" tabIndex={-1} onClick={() => void tree.load(folder)}>
          {t('retry')}
        </Button>
      </div>
    )
  }
  return <MoreRow folder={folder} tree={tree} style={style} />
}

/** Its keys are those of the list: the buttons are for the pointer, and say so. */
function MoreRow({ folder, tree, style }: { readonly folder: Folder; readonly tree: TreeLoader; readonly style: CSSProperties }) {
  const { t } = useTranslation('keys')
  const left = useRemaining(folder, tree)
  const next = left === undefined ? keysLimits.pageRows : Math.min(left, keysLimits.pageRows)
  return (
    <div className={css.line} style={style}>
      <MoreHorizontal size={16} aria-hidden="true" className={css.icon} />
      <Button kind="link" tabIndex={-1} title={t('loadMoreKeys')} onClick={() => void tree.load(folder)}>
        {t('loadMore', { number: formatCount(next) })}
      </Button>
      <Button kind="link" tabIndex={-1} className={css.all} title={t('loadAllKeys')} onClick={() => void tree.loadAll(folder)}>
        {left === undefined ? t('loadAll') : t('loadAllOf', { number: formatCount(left) })}
      </Button>
    </div>
  )
}

/** The node counts its keys, not those of a folder: what remains is known of a flat list of all of them. */
function useRemaining(folder: Folder, tree: TreeLoader): number | undefined {
  const keys = useNodeStatus()?.keys
  if (keys === undefined || tree.delimiter !== '' || folder.prefix !== '') return undefined
  const left = keys - folder.keyCount
  return left > 0 ? left : undefined
}

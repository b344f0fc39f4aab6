import type { ReactElement } from 'react'
import { useCallback, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { failureOf } from '../../../connection/failure.ts'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { useShortcut } from '../../../shortcuts/use-shortcut.tsx'
import { Button } from '../../../ui/button.tsx'
import { formatBytes } from '../../../ui/format.ts'
import { Loading } from '../../../ui/loading.tsx'
import { openSearchIn } from '../../../ui/open-search.ts'
import { Empty, Failed } from '../../../ui/states.tsx'
import { beginDraft } from '../edit/draft.ts'
import { EditPane } from '../edit/edit-pane.tsx'
import { useDeleteKey } from '../edit/use-delete-key.ts'
import { keysLimits } from '../keys-limits.ts'
import { closeTab, keyTabId, setDraft, setView, useTabs } from '../tabs-store.ts'
import { useKeyCommands } from '../use-key-commands.ts'
import { visibleKey } from '../visible-key.ts'
import css from './key-pane.module.css'
import { kindText } from './kind-text.ts'
import { PartialValue } from './partial-value.tsx'
import type { Presented } from './present-value.ts'
import { textOf } from './sniff-value.ts'
import { usePresented } from './use-presented.ts'
import { ValueBody } from './value-body.tsx'
import { ValueHeader } from './value-header.tsx'
import { useStat, useWholeValue } from './value-queries.ts'

interface KeyPaneProps {
  readonly name: string
  readonly onCode: () => void
}

/** One key: read first, edited when asked for. */
export function KeyPane({ name, onCode }: KeyPaneProps): ReactElement {
  const { t } = useTranslation('keys')
  const { newKey } = useKeyCommands()
  const stat = useStat(name)
  const draft = useTabs((state) => state.drafts[name])
  if (stat.data === undefined) {
    if (stat.error !== null) {
      return <Failed title={t('statFailed')} failure={failureOf(stat.error)} onRetry={() => void stat.refetch()} />
    }
    return <Loading text={t('reading', { key: visibleKey(name) })} awaited={t('listAwaited')} />
  }
  if (draft !== undefined) return <EditPane draft={draft} current={stat.data} onCode={onCode} />
  if (stat.data !== null) return <ReadPane key={name} metadata={stat.data} onCode={onCode} />
  return (
    <Empty
      title={t('keyGone', { key: visibleKey(name) })}
      text={t('keyGoneText')}
      actions={
        <>
          <Button onClick={() => closeTab(keyTabId(name))}>{t('closeTab')}</Button>
          <Button onClick={() => newKey(name)}>{t('createIt')}</Button>
        </>
      }
    />
  )
}

function ReadPane({ metadata, onCode }: { readonly metadata: KeyMetadata; readonly onCode: () => void }): ReactElement {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const deleteKey = useDeleteKey()
  const pane = useRef<HTMLDivElement>(null)
  const [wrap, setWrap] = useState(false)
  const [asked, setAsked] = useState(false)
  const small = metadata.size <= keysLimits.autoLoadBytesMax
  const chosen = useTabs((state) => state.views[metadata.key])
  const value = useWholeValue(metadata, small || asked)
  const shown = useLast(value.data)
  const outcome = usePresented(shown ?? undefined, chosen, metadata.contentType)
  const presented = outcome.state === 'ready' ? outcome.presented : undefined
  const whole = value.data != null
  const edit = useEdit(metadata, value.data ?? undefined, presented)
  const editBlocked = blocked ?? (edit === undefined ? editReason(metadata, whole, t) : undefined)
  const find = useCallback(() => openSearchIn(pane.current), [])
  const copyValue = presented?.text
  useShortcut('keys.edit', editBlocked === undefined ? edit : undefined)
  useShortcut('keys.delete', blocked === undefined ? () => void deleteKey(metadata.key, metadata) : undefined)
  useShortcut('keys.copyValue', copyValue === undefined ? undefined : () => void navigator.clipboard.writeText(copyValue))
  return (
    <div className={css.pane} ref={pane}>
      <ValueHeader
        name={metadata.key}
        metadata={metadata}
        kind={presented === undefined ? undefined : kindText(presented.kind, t)}
        views={presented?.views ?? ['hex']}
        view={presented?.view ?? 'hex'}
        onView={(view) => setView(metadata.key, view)}
        wrap={wrap}
        onWrap={setWrap}
        onFind={presented?.text === undefined ? undefined : find}
        onCode={onCode}
        onDelete={() => void deleteKey(metadata.key, metadata)}
        deleteBlocked={blocked}
      >
        <Button disabledReason={editBlocked} shortcut="e" onClick={edit}>
          {t('edit')}
        </Button>
      </ValueHeader>
      {presented !== undefined && shown != null ? (
        <ValueBody metadata={metadata} presented={presented} bytes={shown} wrap={wrap} />
      ) : value.error !== null ? (
        <Failed title={t('valueFailed')} failure={failureOf(value.error)} onRetry={() => void value.refetch()} />
      ) : outcome.state === 'failed' ? (
        <Empty title={t('presentFailed')} text={outcome.message} />
      ) : small || asked ? (
        <Loading text={t('readingValue', { size: formatBytes(metadata.size) })} awaited={t('listAwaited')} />
      ) : (
        <PartialValue metadata={metadata} onLoad={() => setAsked(true)} />
      )}
    </div>
  )
}

/** What was shown last, until the next version is there: no flicker at each write of another. */
function useLast<Value>(value: Value | undefined): Value | undefined {
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  return value ?? last
}

/** Begins an edit of what is shown; undefined where that is no whole text. */
function useEdit(
  metadata: KeyMetadata,
  bytes: Uint8Array | undefined,
  presented: Presented | undefined,
): (() => void) | undefined {
  const stored = bytes === undefined ? undefined : textOf(bytes, true)
  if (stored === undefined || presented === undefined) return undefined
  const json = presented.view === 'json' || (presented.view === 'hex' && presented.kind.name === 'json')
  return () => setDraft(metadata.key, beginDraft(metadata, stored, json ? 'json' : 'text'))
}

function editReason(metadata: KeyMetadata, whole: boolean, t: ReturnType<typeof useTranslation<'keys'>>['t']): string {
  if (metadata.size > keysLimits.wholeBytesMax) return t('editTooLarge')
  return whole ? t('editBinary') : t('editPartial')
}

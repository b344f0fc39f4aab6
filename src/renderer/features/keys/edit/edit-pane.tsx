import type { ReactElement } from 'react'
import { useCallback, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { useShortcut } from '../../../shortcuts/use-shortcut.tsx'
import { CodeEditor } from '../../../ui/code-editor.tsx'
import { ConfirmDialog } from '../../../ui/confirm-dialog.tsx'
import { focusEditorIn } from '../../../ui/focus-editor.ts'
import { useFocusHandedOn } from '../../../ui/focus-handed-on.ts'
import { openSearchIn } from '../../../ui/open-search.ts'
import { ConflictDialog } from '../conflict/conflict-dialog.tsx'
import { DiffDialog } from '../conflict/diff-dialog.tsx'
import { changeDraft, setDraft } from '../tabs-store.ts'
import css from '../value/key-pane.module.css'
import { ValueHeader } from '../value/value-header.tsx'
import { visibleKey } from '../visible-key.ts'
import { ChangedBanner } from './changed-banner.tsx'
import type { Draft } from './draft.ts'
import { edited, isModified } from './draft.ts'
import { EditBar } from './edit-bar.tsx'
import { useSaveDraft } from './use-save-draft.ts'

interface EditPaneProps {
  readonly draft: Draft
  /** The key as it is on the node; null where it is gone. */
  readonly current: KeyMetadata | null
  readonly onCode: () => void
}

/** A key whose text is being edited. Whatever happens to the node or the key, the text stays. */
export function EditPane({ draft, current, onCode }: EditPaneProps): ReactElement {
  const { t } = useTranslation('keys')
  const { key } = draft
  const pane = useRef<HTMLDivElement>(null)
  const [wrap, setWrap] = useState(false)
  const [diff, setDiff] = useState(false)
  const [leaving, setLeaving] = useState(false)
  const save = useSaveDraft(key)
  useFocusHandedOn(pane)
  const change = useCallback((text: string) => changeDraft(key, (now) => (now.text === text ? now : edited(now, text))), [key])
  const discard = (): void => (isModified(draft) ? setLeaving(true) : setDraft(key, undefined))
  useShortcut('keys.save', () => void save())
  useShortcut('keys.diff', () => setDiff(true))
  return (
    <div className={css.pane} ref={pane}>
      <ValueHeader
        name={key}
        metadata={current ?? undefined}
        remark={current === null ? t('deletedRemark', { version: draft.baseVersion }) : undefined}
        kind={t(draft.view === 'json' ? 'kind_json' : 'kind_text')}
        views={[]}
        view={draft.view}
        onView={() => undefined}
        wrap={wrap}
        onWrap={setWrap}
        onFind={() => openSearchIn(pane.current)}
        onCode={onCode}
        onDelete={() => undefined}
        deleteBlocked={t('deleteUnsaved')}
      />
      <CodeEditor
        label={t('editLabel', { key: visibleKey(key) })}
        value={draft.text}
        base={draft.baseText}
        language={draft.view}
        wrap={wrap}
        onChange={change}
        autoFocus
      />
      <ChangedBanner draft={draft} current={current} toText={() => focusEditorIn(pane.current)} />
      <EditBar draft={draft} onSave={save} onDiscard={discard} onDiff={() => setDiff(true)} />
      {diff && <DiffDialog draft={draft} onClose={() => setDiff(false)} />}
      {draft.conflict !== undefined && <ConflictDialog draft={draft} theirs={draft.conflict} current={current} />}
      <ConfirmDialog
        open={leaving}
        onClose={() => setLeaving(false)}
        onConfirm={() => setDraft(key, undefined)}
        title={t('discardTitle')}
        description={t('discardText', { key: visibleKey(key) })}
        action={t('discard')}
      />
    </div>
  )
}

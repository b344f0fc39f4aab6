import { Check, CloudAlert, Loader } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useConnectionSnapshot } from '../../../connection/connection-provider.tsx'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { keysOf } from '../../../shortcuts/registry.ts'
import { Button } from '../../../ui/button.tsx'
import type { Draft } from './draft.ts'
import { isModified } from './draft.ts'
import css from './edit-bar.module.css'
import { SaveTrouble } from './save-trouble.tsx'
import type { SaveOptions } from './use-save-draft.ts'

interface EditBarProps {
  readonly draft: Draft
  readonly onSave: (options?: SaveOptions) => Promise<void>
  readonly onDiscard: () => void
  readonly onDiff: () => void
}

/** What the text is based on, how it stands, and what can be done with it. */
export function EditBar({ draft, onSave, onDiscard, onDiff }: EditBarProps): ReactElement {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  const modified = isModified(draft)
  const saving = draft.state === 'saving'
  const saveReason = blocked ?? (modified ? undefined : t('nothingToSave'))
  return (
    <>
      {draft.conflict === undefined && <SaveTrouble draft={draft} onSave={(options) => void onSave(options)} />}
      <div className={css.bar}>
        <span className={css.base}>{t('basedOn', { version: draft.baseVersion })}</span>
        <State draft={draft} modified={modified} />
        <div className={css.buttons}>
          <Button kind="quiet" shortcut={keysOf('keys.diff') ?? ''} onClick={onDiff}>
            {t('diff')}
          </Button>
          <Button onClick={onDiscard}>{modified ? t('discard') : t('endEdit')}</Button>
          <Button disabledReason={saveReason} busy={saving} onClick={() => void onSave({ close: true })}>
            {t('saveClose')}
          </Button>
          <Button
            kind="primary"
            disabledReason={saveReason}
            shortcut={keysOf('keys.save') ?? ''}
            busy={saving}
            onClick={() => void onSave()}
          >
            {t('save')}
          </Button>
        </div>
      </div>
    </>
  )
}

function State({ draft, modified }: { readonly draft: Draft; readonly modified: boolean }): ReactElement {
  const { t } = useTranslation('keys')
  const silent = useConnectionSnapshot().link.state === 'silent'
  const mixed = draft.lineEnds === 'mixed' && modified ? ` · ${t('mixedLines')}` : ''
  const [icon, text, tone] =
    draft.state === 'saving' && silent
      ? [<CloudAlert key="i" size={14} aria-hidden="true" />, t('stateSavingSilent'), css.warn]
      : draft.state === 'saving'
        ? [<Loader key="i" size={14} aria-hidden="true" />, t('stateSaving'), css.muted]
        : draft.state === 'saved'
          ? [<Check key="i" size={14} aria-hidden="true" />, t('stateSaved'), css.ok]
          : modified
            ? [<span key="i" className={css.dot} />, t('stateModified') + mixed, css.warn]
            : [null, '', css.muted]
  return (
    <span className={tone} role="status">
      {icon}
      {text}
    </span>
  )
}

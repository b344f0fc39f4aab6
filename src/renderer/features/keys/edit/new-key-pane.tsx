import type { ReactElement } from 'react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../../../../ipc/contract/common-schemas.ts'
import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import { useConnectionSnapshot, useNode } from '../../../connection/connection-provider.tsx'
import { failureOf } from '../../../connection/failure.ts'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { useShortcut } from '../../../shortcuts/use-shortcut.tsx'
import { Banner } from '../../../ui/banner.tsx'
import { Button } from '../../../ui/button.tsx'
import { CodeEditor } from '../../../ui/code-editor.tsx'
import { Combobox } from '../../../ui/combobox.tsx'
import { formatBytes } from '../../../ui/format.ts'
import { Segmented } from '../../../ui/segmented.tsx'
import { TextField } from '../../../ui/text-field.tsx'
import { keyBytes, keyHints, keyProblem } from '../check-key.ts'
import { jsonProblemText } from '../json/json-problem-text.ts'
import { readJson } from '../json/json-syntax.ts'
import { keysLimits } from '../keys-limits.ts'
import type { NewKeyForm } from '../tabs-store.ts'
import { closeTab, replaceTab, setForm } from '../tabs-store.ts'
import { useAskedFocus } from '../use-asked-focus.ts'
import { useKeyCommands } from '../use-key-commands.ts'
import { useMemory } from '../use-memory.ts'
import { useLearnValue } from '../value/value-queries.ts'
import css from './new-key-pane.module.css'
import type { Intention } from './request-ids.ts'
import { intentionFor } from './request-ids.ts'
import { saveFailureText } from './save-failure-text.ts'

const contentTypes = [
  'application/json',
  'text/plain; charset=utf-8',
  'application/yaml',
  'text/markdown',
  'application/octet-stream',
]
const typeOfView = { json: 'application/json', text: 'text/plain; charset=utf-8' } as const

type Outcome =
  | { readonly kind: 'exists' }
  | { readonly kind: 'not-json'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: Failure }

/** Makes a key, and only where there is none. */
export function NewKeyPane({ id, form }: { readonly id: string; readonly form: NewKeyForm }): ReactElement {
  const { t } = useTranslation('keys')
  const { delimiter } = useMemory()
  const field = useRef<HTMLInputElement>(null)
  useAskedFocus(id, () => field.current?.focus())
  const blocked = useWriteBlock()
  const silent = useConnectionSnapshot().link.state === 'silent'
  const { create, forget, outcome, busy } = useCreate(id, form)
  const change = (part: Partial<NewKeyForm>) => setForm(id, { ...form, ...part })
  const problem = keyProblem(form.key)
  const reason = blocked ?? (problem === undefined ? undefined : t(`key_${problem.kind}`))
  const asText = () => {
    change({ view: 'text', ...(form.contentType === typeOfView.json && { contentType: typeOfView.text }) })
    forget()
  }
  const save = () => void create(outcome?.kind === 'not-json')
  useShortcut('keys.save', reason === undefined ? save : undefined)
  const hints = keyHints(form.key, delimiter).map((hint) => t(`hint_${hint}`))
  const bytes = t('keyBytes', { bytes: keyBytes(form.key), max: wireLimits.keyBytesMax })
  return (
    <div className={css.pane}>
      <div className={css.form}>
        <TextField
          label={t('keyLabel')}
          ref={field}
          mono
          autoFocus
          value={form.key}
          onChange={(key) => change({ key })}
          help={[bytes, ...hints].join(' · ')}
          error={problem === undefined || problem.kind === 'empty' ? undefined : t(`key_${problem.kind}`)}
        />
        <div className={css.row}>
          <Segmented
            label={t('formatLabel')}
            options={[
              { value: 'json', label: t('view_json') },
              { value: 'text', label: t('view_text') },
            ]}
            value={form.view}
            onChange={(view) =>
              change({ view, ...(form.contentType === typeOfView[form.view] && { contentType: typeOfView[view] }) })
            }
          />
          <div className={css.type}>
            <Combobox
              label={t('contentType')}
              labelHidden
              options={contentTypes}
              value={form.contentType}
              onChange={(contentType) => change({ contentType: contentType.slice(0, 255) })}
              placeholder={t('contentType')}
              mono
            />
          </div>
        </div>
      </div>
      <CodeEditor label={t('newValueLabel')} value={form.text} language={form.view} onChange={(text) => change({ text })} />
      {busy && silent ? (
        <Banner tone="warn">{t('createSilent')}</Banner>
      ) : (
        <Remark outcome={outcome} name={form.key} onText={asText} />
      )}
      <div className={css.bar}>
        <span>{t('newKeyRule')}</span>
        <div className={css.buttons}>
          <Button onClick={() => closeTab(id)}>{t('cancel')}</Button>
          <Button kind="primary" shortcut="mod+s" busy={busy} disabledReason={reason} onClick={save}>
            {outcome?.kind === 'not-json' ? t('saveAnyway') : t('createKey')}
          </Button>
        </div>
      </div>
    </div>
  )
}

function useCreate(id: string, form: NewKeyForm) {
  const { t } = useTranslation('keys')
  const { client } = useNode()
  const learn = useLearnValue()
  const { open } = useKeyCommands()
  const [outcome, setOutcome] = useState<Outcome>()
  const [busy, setBusy] = useState(false)
  const [sent, setSent] = useState<Intention>()
  const create = async (anyway: boolean): Promise<void> => {
    const { key, text, view, contentType } = form
    const value = new TextEncoder().encode(text)
    if (value.length > keysLimits.wholeBytesMax) {
      const message = t('saveTooLarge', { size: formatBytes(value.length), limit: formatBytes(keysLimits.wholeBytesMax) })
      setOutcome({ kind: 'failed', failure: { code: 'limit-exceeded', message, retryable: false, details: {} } })
      return
    }
    const reading = readJson(text)
    if (view === 'json' && !reading.ok && !anyway) {
      setOutcome({ kind: 'not-json', reason: jsonProblemText(reading.problem, t) })
      return
    }
    const intention = intentionFor(JSON.stringify([key, text, contentType]), sent)
    setSent(intention)
    setBusy(true)
    try {
      const result = await client.kv.put({ key, value, contentType, expect: { kind: 'absent' }, requestId: intention.id })
      if (result.kind === 'conflict') setOutcome({ kind: 'exists' })
      else {
        learn(result.metadata, value)
        replaceTab(id, key)
        open(key)
      }
    } catch (error) {
      setOutcome({ kind: 'failed', failure: failureOf(error) })
    } finally {
      setBusy(false)
    }
  }
  return { create, forget: () => setOutcome(undefined), outcome, busy }
}

interface RemarkProps {
  readonly outcome: Outcome | undefined
  readonly name: string
  readonly onText: () => void
}

function Remark({ outcome, name, onText }: RemarkProps): ReactElement | null {
  const { t } = useTranslation('keys')
  const { open } = useKeyCommands()
  if (outcome === undefined) return null
  if (outcome.kind === 'exists') {
    return (
      <Banner tone="warn" actions={<Button onClick={() => open(name)}>{t('openIt')}</Button>}>
        {t('keyExists')}
      </Banner>
    )
  }
  if (outcome.kind === 'failed') return <Banner tone="danger">{saveFailureText(outcome.failure, t)}</Banner>
  return (
    <Banner tone="warn" actions={<Button onClick={onText}>{t('makeText')}</Button>}>
      {t('saveNotJson', { reason: outcome.reason })}
    </Banner>
  )
}

import { FolderInput, Upload } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { useWriteBlock } from '../../../connection/use-write-block.ts'
import { Banner } from '../../../ui/banner.tsx'
import { Button } from '../../../ui/button.tsx'
import { formatBytes, formatCount } from '../../../ui/format.ts'
import { Segmented } from '../../../ui/segmented.tsx'
import { TextField } from '../../../ui/text-field.tsx'
import { keyProblem } from '../check-key.ts'
import { keysLimits } from '../keys-limits.ts'
import { closeTab } from '../tabs-store.ts'
import { useAskedFocus } from '../use-asked-focus.ts'
import type { ImportFile, ImportPlan } from './import-files.ts'
import { droppedFiles, pickedFiles, planImport } from './import-files.ts'
import { ImportPreview, usePreview } from './import-preview.tsx'
import type { Preview } from './preview-import.ts'
import { RunView } from './run-view.tsx'
import css from './transfer.module.css'
import { forgetRun, runImport, useTransferRun } from './transfer-runs.ts'

interface ImportPaneProps {
  readonly id: string
  readonly prefix: string
  /** Files that were dropped elsewhere on the page. */
  readonly given: readonly ImportFile[] | undefined
}

const none: readonly ImportFile[] = []

/** Files become keys: chosen, looked at, then written by a job that can be cancelled. */
export function ImportPane({ id, prefix: place, given = none }: ImportPaneProps): ReactElement {
  const { t } = useTranslation('keys')
  const run = useTransferRun('import')
  const title = useRef<HTMLHeadingElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const [files, setFiles] = useState(given)
  const [prefix, setPrefix] = useState(place)
  useEffect(() => setPrefix(place), [place])
  useEffect(() => setFiles(given), [given])
  useAskedFocus(id, () => (field.current ?? title.current)?.focus())
  const plan = useMemo(() => planImport(files, prefix), [files, prefix])
  const again = (): void => {
    forgetRun('import')
    setFiles([])
  }
  const done = (): void => {
    forgetRun('import')
    closeTab(id)
  }
  return (
    <div className={css.pane}>
      <h2 ref={title} tabIndex={-1} className={css.title}>
        {t('importTitle')}
      </h2>
      {run !== undefined ? (
        <RunView kind="import" run={run} onAgain={again} onClose={done} />
      ) : (
        <>
          <TextField
            ref={field}
            label={t('importPrefix')}
            mono
            value={prefix}
            onChange={setPrefix}
            help={t('importPrefixHelp')}
          />
          <DropZone onFiles={setFiles} compact={files.length > 0} />
          {files.length > 0 && <PlanView plan={plan} prefix={prefix} onClear={() => setFiles([])} />}
        </>
      )}
    </div>
  )
}

interface DropZoneProps {
  readonly onFiles: (files: readonly ImportFile[]) => void
  /** Something was chosen, and needs the room. */
  readonly compact: boolean
}

function DropZone({ onFiles, compact }: DropZoneProps): ReactElement {
  const { t } = useTranslation('keys')
  const [over, setOver] = useState(false)
  const filesInput = useRef<HTMLInputElement>(null)
  const folderInput = useRef<HTMLInputElement>(null)
  const take = (input: HTMLInputElement): void => {
    if (input.files !== null && input.files.length > 0) onFiles(pickedFiles(input.files))
    input.value = ''
  }
  return (
    <section
      className={css.drop}
      data-over={over || undefined}
      data-compact={compact || undefined}
      aria-label={t('dropLabel')}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        void droppedFiles(event.dataTransfer.items).then(onFiles)
      }}
    >
      {!compact && <Upload size={20} aria-hidden="true" />}
      <p>{t('dropText')}</p>
      <div className={css.row}>
        <Button onClick={() => filesInput.current?.click()}>{t('pickFiles')}</Button>
        <Button icon={<FolderInput size={16} aria-hidden="true" />} onClick={() => folderInput.current?.click()}>
          {t('pickFolder')}
        </Button>
      </div>
      <input
        ref={filesInput}
        type="file"
        multiple
        hidden
        aria-label={t('pickFiles')}
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={(input) => {
          folderInput.current = input
          input?.setAttribute('webkitdirectory', '')
        }}
        type="file"
        hidden
        aria-label={t('pickFolder')}
        onChange={(event) => take(event.currentTarget)}
      />
    </section>
  )
}

interface PlanViewProps {
  readonly plan: ImportPlan
  readonly prefix: string
  readonly onClear: () => void
}

function PlanView({ plan, prefix, onClear }: PlanViewProps): ReactElement {
  const { t } = useTranslation('keys')
  const { client } = useNode()
  const blocked = useWriteBlock()
  const [mode, setMode] = useState<'skip' | 'replace'>('skip')
  const count = plan.files.length
  const facts = { count, number: formatCount(count), size: formatBytes(plan.bytes) }
  const badPrefix = prefix !== '' && keyProblem(prefix) !== undefined
  const preview = usePreview(plan, prefix)
  const nothing = count === 0 || (preview?.whole === true && preview.fit === 0)
  const hollow = count === 0 || preview?.nothing === 'empty'
  const reason = blocked ?? (badPrefix ? t('key_too-long') : nothing ? t('importNothing') : undefined)
  return (
    <>
      <p className={css.summary}>{plan.format === 'ndjson' ? t('planNdjson', facts) : t('planFiles', facts)}</p>
      {plan.unfit.length > 0 && (
        <Banner tone="warn" inset>
          {t('planUnfit', { count: plan.unfit.length, sample: plan.unfit[0]?.slice(0, 80) ?? '' })}
        </Banner>
      )}
      {plan.cut && (
        <Banner tone="warn" inset>
          {t('planCut', { max: formatCount(keysLimits.importFilesMax) })}
        </Banner>
      )}
      {preview !== undefined && <ImportPreview preview={preview} />}
      <div className={css.foot}>
        {!hollow && (
          <div className={css.row}>
            <Segmented
              label={t('modeLabel')}
              options={[
                { value: 'skip', label: t('modeSkip') },
                { value: 'replace', label: t('modeReplace') },
              ]}
              value={mode}
              onChange={setMode}
            />
            <span className={css.muted}>{t(mode === 'skip' ? 'modeSkipText' : 'modeReplaceText')}</span>
          </div>
        )}
        <div className={css.row}>
          {!hollow && (
            <Button kind="primary" disabledReason={reason} onClick={() => void runImport(client, plan, prefix, mode)}>
              {startText(plan, preview, facts, t)}
            </Button>
          )}
          <Button onClick={onClear}>{t('chooseAgain')}</Button>
        </div>
      </div>
    </>
  )
}

type T = ReturnType<typeof useTranslation<'keys'>>['t']

/** Names where the import would end, so that nobody takes a part for the whole. */
function startText(plan: ImportPlan, preview: Preview | undefined, facts: { count: number; number: string }, t: T): string {
  if (plan.format === 'files') return t('startImport', facts)
  return preview?.stop === undefined ? t('startNdjson') : t('startUntil', { line: formatCount(preview.stop.line) })
}

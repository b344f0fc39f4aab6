import { Download } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { saveBlob } from '../../../download/save-file.ts'
import { Button } from '../../../ui/button.tsx'
import { TextField } from '../../../ui/text-field.tsx'
import { closeTab } from '../tabs-store.ts'
import { useAskedFocus } from '../use-asked-focus.ts'
import { useMemory } from '../use-memory.ts'
import { fileNameOf } from '../value/download-value.ts'
import { RunView } from './run-view.tsx'
import css from './transfer.module.css'
import { forgetRun, runExport, useTransferRun } from './transfer-runs.ts'

/** All keys under a prefix with their values, as one file. */
export function ExportPane({ id, prefix: given }: { readonly id: string; readonly prefix: string }): ReactElement {
  const { t } = useTranslation('keys')
  const { client, live } = useNode()
  const { delimiter } = useMemory()
  const run = useTransferRun('export')
  const title = useRef<HTMLHeadingElement>(null)
  const field = useRef<HTMLInputElement>(null)
  const [prefix, setPrefix] = useState(given)
  useAskedFocus(id, () => (field.current ?? title.current)?.focus())
  useEffect(() => setPrefix(given), [given])
  const name = `${prefix === '' ? 'keys' : fileNameOf(prefix, delimiter)}.ndjson`
  const done = (): void => {
    forgetRun('export')
    closeTab(id)
  }
  return (
    <div className={css.pane}>
      <h2 ref={title} tabIndex={-1} className={css.title}>
        {t('exportTitle')}
      </h2>
      {run !== undefined ? (
        <RunView kind="export" run={run} onAgain={() => forgetRun('export')} onClose={done} />
      ) : (
        <>
          <TextField
            ref={field}
            label={t('exportPrefix')}
            mono
            value={prefix}
            onChange={setPrefix}
            help={t('exportPrefixHelp')}
          />
          <p className={css.muted}>{t('exportText', { name })}</p>
          <div className={css.row}>
            <Button
              kind="primary"
              icon={<Download size={16} aria-hidden="true" />}
              disabledReason={live ? undefined : t('away')}
              onClick={() => void runExport(client, prefix, (blob) => saveBlob(name, blob))}
            >
              {t('startExport')}
            </Button>
          </div>
        </>
      )}
    </div>
  )
}

import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { failureOf } from '../../../connection/failure.ts'
import type { SnippetLanguage } from '../../../snippets/snippets.ts'
import { snippet, snippetLanguages } from '../../../snippets/snippets.ts'
import { Button } from '../../../ui/button.tsx'
import { CodeEditor } from '../../../ui/code-editor.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { Loading } from '../../../ui/loading.tsx'
import { Segmented } from '../../../ui/segmented.tsx'
import { Failed } from '../../../ui/states.tsx'
import css from './code-dialog.module.css'

/** How another program reads this key, with the address that the node really has. */
export function CodeDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation('keys')
  const { queries } = useNode()
  const info = useQuery(queries.grpc.info.queryOptions())
  const [language, setLanguage] = useState<SnippetLanguage>('cli')
  const text = info.data === undefined ? '' : snippet(language, info.data, name, 'read')
  return (
    <Dialog open wide onClose={onClose} title={t('showAsCode')} actions={<Button onClick={onClose}>{t('close')}</Button>}>
      <div className={css.head}>
        <Segmented
          label={t('languageLabel')}
          options={snippetLanguages.map((value) => ({ value, label: t(`language_${value}`) }))}
          value={language}
          onChange={setLanguage}
        />
        <CopyButton text={text} label={t('copyCode')} />
      </div>
      {info.data !== undefined ? (
        <div className={css.code}>
          <CodeEditor label={t(`language_${language}`)} value={text} wrap />
        </div>
      ) : info.error === null ? (
        <Loading text={t('codeLoading')} />
      ) : (
        <Failed title={t('codeFailed')} failure={failureOf(info.error)} onRetry={() => void info.refetch()} />
      )}
    </Dialog>
  )
}

import { Download } from 'lucide-react'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { GrpcInfo } from '../../../ipc/contract/status-schemas.ts'
import { wireLimits } from '../../../ipc/contract/wire-limits.ts'
import { saveText } from '../../download/save-file.ts'
import type { SnippetLanguage } from '../../snippets/snippets.ts'
import { snippet, snippetLanguages, targetOf } from '../../snippets/snippets.ts'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { TextField } from '../../ui/text-field.tsx'
import css from './connect.module.css'
import { protoFiles } from './proto-files.ts'

const exampleKey = 'greeting'

export function SnippetsCard({ grpc }: { readonly grpc: GrpcInfo }): ReactElement {
  const { t } = useTranslation('connect')
  const [language, setLanguage] = useState<SnippetLanguage>('cli')
  const [key, setKey] = useState(exampleKey)
  const text = snippet(language, grpc, key === '' ? exampleKey : key, 'try')
  const anyHost = targetOf(grpc) !== grpc.address && targetOf(grpc).startsWith('127.0.0.1:')
  return (
    <Card title={t('snippets')}>
      <div className={css.snippetHead}>
        <Segmented
          label={t('language')}
          options={snippetLanguages.map((value) => ({ value, label: t(value) }))}
          value={language}
          onChange={setLanguage}
        />
        <TextField
          className={css.key}
          label={t('key')}
          labelHidden
          icon={<span className={css.muted}>{t('key')}</span>}
          value={key}
          onChange={setKey}
          maxLength={wireLimits.keyBytesMax}
          placeholder={exampleKey}
          translate="no"
          mono
        />
      </div>
      <section className={css.code} aria-label={t('snippetLabel', { language: t(language) })}>
        <pre>
          <code>{text}</code>
        </pre>
        <div className={css.codeCopy}>
          <CopyButton text={text} label={t('copySnippet')} />
        </div>
      </section>
      {grpc.auth === 'mtls' && <p className={css.muted}>{t('mutualHint')}</p>}
      {anyHost && <p className={css.muted}>{t('anyHostHint')}</p>}
      <div>
        <h3>{t('protos')}</h3>
        <p className={css.muted}>{t('protosText')}</p>
        <ul className={css.protos}>
          {protoFiles.map((file) => (
            <li key={file.path}>
              <Button
                kind="quiet"
                icon={<Download size={14} aria-hidden="true" />}
                aria-label={t('saveProto', { file: file.path })}
                onClick={() => saveText(file.path.split('/').at(-1) ?? file.path, file.text)}
              >
                <code className={css.small}>{file.path}</code>
              </Button>
            </li>
          ))}
        </ul>
      </div>
    </Card>
  )
}

import type { ReactElement } from 'react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { Banner } from '../../../ui/banner.tsx'
import { Button } from '../../../ui/button.tsx'
import { formatBytes } from '../../../ui/format.ts'
import { keysLimits } from '../keys-limits.ts'
import css from './key-pane.module.css'
import { kindText } from './kind-text.ts'
import { sniffValue } from './sniff-value.ts'
import { useDownload } from './use-download.ts'
import { HexBody } from './value-body.tsx'
import { useValueHead } from './value-queries.ts'

interface PartialValueProps {
  readonly metadata: KeyMetadata
  readonly onLoad: () => void
}

/** A value that is too large to be read unasked: its bytes as far as they are looked at, and ways to have all of it. */
export function PartialValue({ metadata, onLoad }: PartialValueProps): ReactElement {
  const { t } = useTranslation('keys')
  const head = useValueHead(metadata, true).data
  const download = useDownload(metadata)
  const { contentType, size } = metadata
  const kind = useMemo(
    () => (head == null ? undefined : kindText(sniffValue({ bytes: head, whole: false, contentType }), t)),
    [head, contentType, t],
  )
  const fits = size <= keysLimits.wholeBytesMax
  const facts = { size: formatBytes(size), kind: kind ?? t('kind_binary') }
  const { doneBytes, failure } = download
  return (
    <div className={css.partial}>
      <Banner
        tone="info"
        actions={
          <>
            {fits && <Button onClick={onLoad}>{t('loadValue')}</Button>}
            {doneBytes === undefined ? (
              <Button onClick={download.start}>{t('download')}</Button>
            ) : (
              <Button onClick={download.cancel}>{t('cancelDownload', { percent: Math.floor((doneBytes / size) * 100) })}</Button>
            )}
          </>
        }
      >
        {fits ? t('partialLoadable', facts) : t('partialTooLarge', facts)}
      </Banner>
      {failure !== undefined && <Banner tone="danger">{t('downloadFailed', { reason: failure.message })}</Banner>}
      <HexBody key={metadata.version} metadata={metadata} />
    </div>
  )
}

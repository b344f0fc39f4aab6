import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { KeyMetadata } from '../../../../ipc/contract/key-schemas.ts'
import { Banner } from '../../../ui/banner.tsx'
import { CodeEditor } from '../../../ui/code-editor.tsx'
import { HexViewer } from '../../../ui/hex-viewer.tsx'
import { Empty } from '../../../ui/states.tsx'
import { jsonProblemText } from '../json/json-problem-text.ts'
import { keysLimits } from '../keys-limits.ts'
import { visibleKey } from '../visible-key.ts'
import { ImageView } from './image-view.tsx'
import type { Presented } from './present-value.ts'
import css from './value-body.module.css'
import { useRangeReader } from './value-queries.ts'

interface ValueBodyProps {
  readonly metadata: KeyMetadata
  readonly presented: Presented
  readonly bytes: Uint8Array
  readonly wrap: boolean
}

/** A whole value in one of its views, with what there is to say about it above. */
export function ValueBody({ metadata, presented, bytes, wrap }: ValueBodyProps): ReactElement {
  const { t } = useTranslation('keys')
  const { view, kind, text } = presented
  const label = visibleKey(metadata.key)
  const long = presented.longestLine > keysLimits.plainLineChars
  return (
    <>
      <Remark presented={presented} />
      {view === 'hex' && <HexBody metadata={metadata} />}
      {view === 'image' && kind.name === 'image' && <ImageView bytes={bytes} image={kind.image} label={label} />}
      {text !== undefined && kind.name !== 'empty' && (
        <CodeEditor label={label} value={text} language={isJson(presented) && !long ? 'json' : 'text'} wrap={wrap || long} />
      )}
      {kind.name === 'empty' && view !== 'hex' && <Empty title={t('valueEmpty')} />}
      {presented.decodeProblem !== undefined && (
        <Empty title={t('decodeFailed', { format: t(`view_${view}`) })} text={presented.decodeProblem} />
      )}
    </>
  )
}

function isJson({ view }: Presented): boolean {
  return view === 'json' || view === 'cbor' || view === 'messagepack'
}

/** What is not as it seems. */
function Remark({ presented }: { readonly presented: Presented }): ReactElement | null {
  const { t } = useTranslation('keys')
  const { view, kind, jsonProblem, formatted, longestLine } = presented
  if (view === 'json' && jsonProblem !== undefined) {
    return <Banner tone="warn">{t('notJson', { reason: jsonProblemText(jsonProblem, t) })}</Banner>
  }
  if (view === 'raw') return <Banner tone="info">{t('rawRemark')}</Banner>
  if (view === 'hex' && (kind.name === 'gzip' || kind.name === 'zstd')) {
    return <Banner tone="info">{t('compressed', { format: kind.name })}</Banner>
  }
  if (view === 'text' && (kind.name === 'svg' || kind.name === 'html')) {
    return <Banner tone="info">{t('notRendered', { format: t(`kind_${kind.name}`) })}</Banner>
  }
  if (longestLine > keysLimits.plainLineChars) return <Banner tone="info">{t('longLine')}</Banner>
  return formatted ? <p className={css.remark}>{t('formattedRemark')}</p> : null
}

export function HexBody({ metadata }: { readonly metadata: KeyMetadata }): ReactElement {
  const { t } = useTranslation('keys')
  const read = useRangeReader(metadata)
  if (metadata.size === 0) return <Empty title={t('valueEmpty')} />
  return <HexViewer label={t('hexLabel', { key: visibleKey(metadata.key) })} size={metadata.size} read={read} />
}

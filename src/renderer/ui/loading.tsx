import { clsx } from 'clsx'
import type { ReactElement, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import css from './skeleton.module.css'

const quietMs = 150
const slowMs = 5_000
const verySlowMs = 15_000

interface LoadingProps {
  /** Rows of the list that will stand here; 0 for a single item, of which `text` tells. */
  readonly rows?: number
  /** What is read, e.g. "Reading orders/0001842". */
  readonly text: string
  /** What is awaited, told after fifteen seconds. */
  readonly awaited?: ReactNode
  readonly onCancel?: () => void
}

/** Nothing for a moment, then the shape of what comes, after five seconds the time and a way out, after fifteen the cause. */
export function Loading({ rows = 0, text, awaited, onCancel }: LoadingProps): ReactElement | null {
  const { t } = useTranslation('ui')
  const elapsedMs = useElapsedMs()
  if (elapsedMs < quietMs) return null
  const slow = elapsedMs >= slowMs
  return (
    <div role="status" aria-label={text}>
      {rows > 0 && <SkeletonRows rows={rows} />}
      <div className={css.note}>
        {rows === 0 && <span>{text}</span>}
        {slow && <span>{t('elapsed', { seconds: Math.floor(elapsedMs / 1000) })}</span>}
        {elapsedMs >= verySlowMs && awaited !== undefined && <span>{awaited}</span>}
        {slow && onCancel !== undefined && <Button onClick={onCancel}>{t('cancel')}</Button>}
      </div>
    </div>
  )
}

const widths = [css.w1, css.w2, css.w3]

export function SkeletonRows({ rows }: { readonly rows: number }): ReactElement {
  return (
    <div className={css.lines} aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <div key={row} className={css.row}>
          <span className={clsx(css.bar, widths[row % widths.length])} />
        </div>
      ))}
    </div>
  )
}

function useElapsedMs(): number {
  const [elapsedMs, setElapsedMs] = useState(0)
  useEffect(() => {
    const startedMs = performance.now()
    const look = () => setElapsedMs(performance.now() - startedMs)
    const first = setTimeout(look, quietMs)
    const timer = setInterval(look, 1000)
    return () => {
      clearTimeout(first)
      clearInterval(timer)
    }
  }, [])
  return elapsedMs
}

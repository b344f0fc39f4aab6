import { Check } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import css from './id-text.module.css'
import { Tooltip } from './tooltip.tsx'
import { useCopy } from './use-copy.ts'

/** The middle of a long id left out: `1a2b3c4d…9f0e`. */
export function shortId(value: string, head = 8, tail = 4): string {
  return value.length <= head + tail + 1 ? value : `${value.slice(0, head)}…${value.slice(-tail)}`
}

interface IdTextProps {
  readonly value: string
  readonly head?: number
  readonly tail?: number
}

/** An id or address: short for the eye, whole on hover, focus and to screen readers; a click copies it. */
export function IdText({ value, head = 8, tail = 4 }: IdTextProps): ReactElement {
  const { t } = useTranslation('ui')
  const { copied, copy } = useCopy()
  return (
    <Tooltip text={copied ? t('copied') : value}>
      <button
        type="button"
        className={css.id}
        aria-label={t('copyId', { short: shortId(value, head, tail), value })}
        onClick={() => copy(value)}
      >
        <span translate="no">{shortId(value, head, tail)}</span>
        {copied && <Check size={12} aria-hidden="true" />}
      </button>
    </Tooltip>
  )
}

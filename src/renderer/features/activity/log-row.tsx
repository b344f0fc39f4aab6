import { clsx } from 'clsx'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { LogLine } from '../../../ipc/contract/log-schemas.ts'
import { factsText, markedParts } from './log-text.ts'
import css from './logs.module.css'

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
})

/** The list is a grid whose rows are drawn only where they are in sight, which no table can be. */
export const cell = { role: 'gridcell' } as const

interface LogRowProps {
  readonly line: LogLine
  /** Marked where it stands. */
  readonly text: string
}

export function LogRow({ line, text }: LogRowProps): ReactElement {
  const { t } = useTranslation('activity')
  return (
    <>
      <span {...cell} className={css.time}>
        <time dateTime={new Date(line.timeMs).toISOString()}>{clock.format(line.timeMs)}</time>
      </span>
      <span {...cell} className={clsx(css.level, css[line.level])}>
        {t(line.level)}
      </span>
      <span {...cell} className={css.subsystem} translate="no">
        {line.subsystem}
      </span>
      <span {...cell} className={css.message} translate="no">
        <Marked text={line.message} wanted={text} />{' '}
        <span className={css.facts}>
          <Marked text={factsText(line)} wanted={text} />
        </span>
      </span>
    </>
  )
}

function Marked({ text, wanted }: { readonly text: string; readonly wanted: string }) {
  let at = 0
  return markedParts(text, wanted).map((part) => {
    const key = at
    at += part.text.length
    return part.found ? <mark key={key}>{part.text}</mark> : <span key={key}>{part.text}</span>
  })
}

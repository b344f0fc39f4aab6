import { clsx } from 'clsx'
import type { KeyboardEvent, ReactElement } from 'react'
import { useCallback, useEffect, useLayoutEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from '../../ui/button.tsx'
import type { VirtualRowsHandle } from '../../ui/virtual-rows.tsx'
import { VirtualRows } from '../../ui/virtual-rows.tsx'
import { cell, LogRow } from './log-row.tsx'
import css from './logs.module.css'
import type { Log } from './use-log.ts'

const rowHeight = 24
const headRows = 1

const tints = { debug: undefined, info: undefined, warn: undefined, error: css.rowError } as const

interface LogListProps {
  readonly log: Log
  readonly text: string
  /** Not all lines are asked for. */
  readonly filtered: boolean
  /** Sequence of the line that is set out; undefined for none. */
  readonly chosen: number | undefined
  readonly onChoose: (sequence: number | undefined) => void
}

/** The lines that are held, below one row that says what lies before them. */
export function LogList({ log, text, filtered, chosen, onChoose }: LogListProps): ReactElement {
  const { t } = useTranslation('activity')
  const { lines, following } = log.buffer
  const frame = useRef<HTMLDivElement>(null)
  const rows = useRef<VirtualRowsHandle>(null)
  useKeptPlace(frame, lines[0]?.sequence, lines.length)
  const move = (step: number): void => {
    const at = lines.findIndex(({ sequence }) => sequence === chosen)
    const next = at === -1 ? lines.length - 1 : Math.min(Math.max(at + step, 0), lines.length - 1)
    const line = lines[next]
    if (line === undefined) return
    onChoose(line.sequence)
    rows.current?.scrollToRow(next + headRows)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = stepOf(event)
    if (step !== undefined) move(step)
    else if (event.key === 'End') log.follow()
    else if (event.key === 'Escape' && chosen !== undefined) onChoose(undefined)
    else return
    event.preventDefault()
  }
  return (
    <div ref={frame} className={css.frame}>
      <VirtualRows
        className={css.list}
        count={lines.length + headRows}
        rowHeight={rowHeight}
        rowKey={(index) => (index === 0 ? 'earlier' : (lines[index - headRows]?.sequence ?? index))}
        renderRow={(index) => {
          const line = lines[index - headRows]
          return line === undefined ? <EarlierRow log={log} filtered={filtered} /> : <LogRow line={line} text={text} />
        }}
        rowProps={(index) => {
          const line = lines[index - headRows]
          if (line === undefined) return { role: 'row', className: css.earlier }
          const isChosen = line.sequence === chosen
          return {
            id: `log-${line.sequence}`,
            role: 'row',
            'aria-selected': isChosen,
            className: clsx(css.row, tints[line.level], isChosen && css.chosen),
            onClick: () => onChoose(isChosen ? undefined : line.sequence),
          }
        }}
        containerProps={{
          role: 'grid',
          'aria-label': t('logLines'),
          'aria-activedescendant': chosen === undefined ? undefined : `log-${chosen}`,
          tabIndex: 0,
          onKeyDown,
        }}
        follow={following}
        onAtEnd={useCallback((atEnd: boolean) => (atEnd ? log.follow() : log.pause()), [log.follow, log.pause])}
        handleRef={rows}
      />
    </div>
  )
}

function stepOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): number | undefined {
  if (ctrlKey || metaKey || altKey) return undefined
  if (key === 'ArrowDown' || key === 'j') return 1
  if (key === 'ArrowUp' || key === 'k') return -1
  return undefined
}

/** Keeps what is read in its place when earlier lines come in front of it. */
function useKeptPlace(frame: { readonly current: HTMLDivElement | null }, first: number | undefined, count: number): void {
  const before = useRef({ first, count })
  useLayoutEffect(() => {
    const added = count - before.current.count
    const inFront = first !== undefined && before.current.first !== undefined && first < before.current.first
    before.current = { first, count }
    const scroller = frame.current?.firstElementChild
    if (inFront && added > 0 && scroller instanceof HTMLElement) scroller.scrollTop += added * rowHeight
  }, [frame, first, count])
}

/** It exists only while it is nearly in sight, and that is when earlier lines are read. */
function EarlierRow({ log, filtered }: { readonly log: Log; readonly filtered: boolean }) {
  const { t } = useTranslation('activity')
  const { buffer, earlier, loadEarlier } = log
  const { more, following } = buffer
  const asked = useRef(false)
  useEffect(() => {
    // A list that follows shows its end, though a short one has this row in sight. Once for each time that the row comes into
    // sight: what was read pushes it out, and otherwise one page would draw the next one after it.
    if (following || asked.current) return
    asked.current = true
    loadEarlier()
  }, [following, loadEarlier])
  if (earlier.failure !== undefined) {
    return (
      <span {...cell}>
        <span role="alert">{t('olderFailed', { reason: earlier.failure.message })}</span>{' '}
        <Button kind="link" onClick={loadEarlier}>
          {t('older')}
        </Button>
      </span>
    )
  }
  if (!more) return <span {...cell}>{filtered ? t('oldestMatch') : t('oldest')}</span>
  if (earlier.loading) return <span {...cell}>{t('olderLoading')}</span>
  return (
    <span {...cell}>
      <Button kind="link" tabIndex={-1} onClick={loadEarlier}>
        {t('older')}
      </Button>
    </span>
  )
}

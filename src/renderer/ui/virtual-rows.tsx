import { useVirtualizer } from '@tanstack/react-virtual'
import { clsx } from 'clsx'
import type { ComponentPropsWithoutRef, ReactElement, ReactNode, Ref } from 'react'
import { useEffect, useImperativeHandle, useRef } from 'react'
import { useRowHeight } from './row-height.ts'
import css from './virtual-rows.module.css'

export interface VirtualRowsHandle {
  /** `auto` moves as little as it takes. */
  readonly scrollToRow: (index: number, align?: 'auto' | 'start') => void
  readonly focus: () => void
}

interface VirtualRowsProps {
  readonly count: number
  readonly renderRow: (index: number) => ReactNode
  /** Stays with a row when rows before it come or go. */
  readonly rowKey?: (index: number) => string | number
  /** Attributes of the row's own element: role, aria-level, aria-selected, id, class, handlers. */
  readonly rowProps?: (index: number) => ComponentPropsWithoutRef<'div'>
  /** Attributes of the element that scrolls: role, aria-label, tabIndex, key handlers. */
  readonly containerProps?: ComponentPropsWithoutRef<'div'>
  readonly rowHeight?: number
  /** Keeps the last row in sight while rows are added. */
  readonly follow?: boolean
  /** Hears whether the last row is in sight after a scroll of the person. */
  readonly onAtEnd?: (atEnd: boolean) => void
  /** Near the end of what is loaded. */
  readonly onNearEnd?: () => void
  /** Hears which rows are in sight, and a few around them. */
  readonly onRange?: (first: number, last: number) => void
  readonly handleRef?: Ref<VirtualRowsHandle>
  readonly className?: string | undefined
}

const nearEndRows = 20

/** Only the rows in sight exist; roles and keys are the caller's, so that it serves lists, trees and logs. */
export function VirtualRows(props: VirtualRowsProps): ReactElement {
  const { count, renderRow, rowKey, rowProps, containerProps, follow = false, onAtEnd, onNearEnd, handleRef, className } = props
  const { onRange } = props
  const ownHeight = useRowHeight()
  const rowHeight = props.rowHeight ?? ownHeight
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    ...(rowKey !== undefined && { getItemKey: rowKey }),
  })
  useEffect(() => {
    if (rowHeight > 0) rows.measure()
  }, [rows, rowHeight])
  useEffect(() => {
    if (follow && count > 0) rows.scrollToIndex(count - 1, { align: 'end' })
  }, [rows, follow, count])
  useImperativeHandle(handleRef, () => ({
    scrollToRow: (index, align = 'auto') => rows.scrollToIndex(index, { align }),
    focus: () => scroller.current?.focus(),
  }))
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? -1
  useEffect(() => {
    if (last >= 0 && last >= count - nearEndRows) onNearEnd?.()
  }, [last, count, onNearEnd])
  const first = shown[0]?.index ?? 0
  useEffect(() => {
    if (last >= 0) onRange?.(first, last)
  }, [first, last, onRange])
  return (
    <div
      {...containerProps}
      ref={scroller}
      className={clsx(css.scroller, className)}
      onScroll={({ currentTarget: box }) => onAtEnd?.(box.scrollHeight - box.scrollTop - box.clientHeight < rowHeight)}
    >
      <div className={css.inner} role="presentation" style={{ height: rows.getTotalSize() }}>
        {shown.map((item) => {
          const { className: rowClass, style, ...attributes } = rowProps?.(item.index) ?? {}
          return (
            <div
              {...attributes}
              key={item.key}
              className={clsx(css.row, rowClass)}
              style={{ ...style, height: item.size, transform: `translateY(${item.start}px)` }}
            >
              {renderRow(item.index)}
            </div>
          )
        })}
      </div>
    </div>
  )
}

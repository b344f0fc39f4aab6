import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import type { ReadRange } from './byte-pages.ts'
import { BytePages } from './byte-pages.ts'
import type { RowBytes } from './hex-rows.ts'
import { hexOf, hexOffset, parseOffset, rowBytesFor, textOf } from './hex-rows.ts'
import css from './hex-viewer.module.css'
import { TextField } from './text-field.tsx'
import { useWidth } from './use-width.ts'
import type { VirtualRowsHandle } from './virtual-rows.tsx'
import { VirtualRows } from './virtual-rows.tsx'

const rowHeight = 20
/** Browsers cut elements that are higher than some 16 million pixels: longer values are shown in windows, of rows of any width. */
const windowBytes = 4_000_000

interface HexViewerProps {
  readonly label: string
  readonly size: number
  /** Asked for pages of 64 KiB as they come into sight. Give a new function for a new value. */
  readonly read: ReadRange
}

export function HexViewer({ label, size, read }: HexViewerProps): ReactElement {
  const { t } = useTranslation('ui')
  const [, redraw] = useState(0)
  const [pages, setPages] = useState<BytePages>()
  /** The first byte of the window. */
  const [start, setStart] = useState(0)
  const [wanted, setWanted] = useState('')
  const rows = useRef<VirtualRowsHandle>(null)
  useEffect(() => {
    const next = new BytePages(read, size, () => redraw((count) => count + 1))
    setPages(next)
    setStart(0)
    return () => next.stop()
  }, [read, size])
  const viewer = useRef<HTMLDivElement>(null)
  const rowBytes = rowBytesFor(useWidth(viewer))
  const count = Math.ceil(Math.min(windowBytes, size - start) / rowBytes)
  const target = parseOffset(wanted, size)
  const problem = target === undefined ? t('offsetWrong', { last: Math.max(0, size - 1) }) : undefined
  const go = (): void => {
    if (target === undefined) return
    const windowStart = Math.floor(target / windowBytes) * windowBytes
    setStart(windowStart)
    requestAnimationFrame(() => rows.current?.scrollToRow(Math.floor((target - windowStart) / rowBytes), 'start'))
  }
  return (
    <div ref={viewer} className={css.viewer}>
      <form
        className={css.bar}
        onSubmit={(event) => {
          event.preventDefault()
          go()
        }}
      >
        <TextField
          label={t('offset')}
          labelHidden
          placeholder={t('offsetHint')}
          value={wanted}
          onChange={setWanted}
          error={wanted.trim() === '' ? undefined : problem}
          mono
        />
        <Button submit disabledReason={problem} onClick={go}>
          {t('go')}
        </Button>
        {start > 0 && <Button onClick={() => setStart(start - windowBytes)}>{t('earlier')}</Button>}
        {start + windowBytes < size && <Button onClick={() => setStart(start + windowBytes)}>{t('later')}</Button>}
      </form>
      <VirtualRows
        handleRef={rows}
        className={css.rows}
        rowHeight={rowHeight}
        count={count}
        containerProps={{ role: 'document', 'aria-label': label, tabIndex: 0, translate: 'no' }}
        renderRow={(index) => <HexRow pages={pages} offset={start + index * rowBytes} rowBytes={rowBytes} />}
      />
    </div>
  )
}

interface HexRowProps {
  readonly pages: BytePages | undefined
  readonly offset: number
  readonly rowBytes: RowBytes
}

function HexRow({ pages, offset, rowBytes }: HexRowProps) {
  const { t } = useTranslation('ui')
  const bytes = pages?.at(offset, rowBytes) ?? 'reading'
  return (
    <div className={css.row}>
      <span className={css.offset}>{hexOffset(offset)}</span>
      {bytes instanceof Uint8Array ? (
        <>
          <span>{hexOf(bytes, rowBytes)}</span>
          <span className={css.text}>{textOf(bytes)}</span>
        </>
      ) : bytes === 'failed' ? (
        <span className={css.failed}>
          {t('notRead')}{' '}
          <Button kind="link" onClick={() => pages?.retry()}>
            {t('retry')}
          </Button>
        </span>
      ) : (
        <span className={css.offset}>…</span>
      )}
    </div>
  )
}

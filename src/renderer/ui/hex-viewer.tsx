import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Button } from './button.tsx'
import type { ReadRange } from './byte-pages.ts'
import { BytePages } from './byte-pages.ts'
import { bytesPerRow, hexOf, hexOffset, parseOffset, textOf } from './hex-rows.ts'
import css from './hex-viewer.module.css'
import { TextField } from './text-field.tsx'
import type { VirtualRowsHandle } from './virtual-rows.tsx'
import { VirtualRows } from './virtual-rows.tsx'

const rowHeight = 20
/** Browsers cut elements that are higher than some 16 million pixels: longer values are shown in windows. */
const windowRows = 500_000

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
  const [first, setFirst] = useState(0)
  const [wanted, setWanted] = useState('')
  const rows = useRef<VirtualRowsHandle>(null)
  useEffect(() => {
    const next = new BytePages(read, size, () => redraw((count) => count + 1))
    setPages(next)
    setFirst(0)
    return () => next.stop()
  }, [read, size])
  const rowCount = Math.ceil(size / bytesPerRow)
  const count = Math.min(windowRows, rowCount - first)
  const target = parseOffset(wanted, size)
  const go = (): void => {
    if (target === undefined) return
    const row = Math.floor(target / bytesPerRow)
    const start = Math.floor(row / windowRows) * windowRows
    setFirst(start)
    requestAnimationFrame(() => rows.current?.scrollToRow(row - start, 'start'))
  }
  return (
    <div className={css.viewer}>
      <form
        className={css.bar}
        onSubmit={(event) => {
          event.preventDefault()
          go()
        }}
      >
        <TextField label={t('offset')} labelHidden placeholder={t('offsetHint')} value={wanted} onChange={setWanted} mono />
        <Button submit disabledReason={target === undefined ? t('offsetWrong') : undefined} onClick={go}>
          {t('go')}
        </Button>
        {first > 0 && <Button onClick={() => setFirst(first - windowRows)}>{t('earlier')}</Button>}
        {first + count < rowCount && <Button onClick={() => setFirst(first + windowRows)}>{t('later')}</Button>}
      </form>
      <VirtualRows
        handleRef={rows}
        className={css.rows}
        rowHeight={rowHeight}
        count={count}
        containerProps={{ role: 'document', 'aria-label': label, tabIndex: 0, translate: 'no' }}
        renderRow={(index) => <HexRow pages={pages} offset={(first + index) * bytesPerRow} />}
      />
    </div>
  )
}

function HexRow({ pages, offset }: { readonly pages: BytePages | undefined; readonly offset: number }) {
  const { t } = useTranslation('ui')
  const bytes = pages?.at(offset, bytesPerRow) ?? 'reading'
  return (
    <div className={css.row}>
      <span className={css.offset}>{hexOffset(offset)}</span>
      {bytes instanceof Uint8Array ? (
        <>
          <span>{hexOf(bytes)}</span>
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

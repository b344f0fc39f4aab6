import { clsx } from 'clsx'
import type { ReactElement } from 'react'
import css from './key-text.module.css'
import { keyPieces } from './visible-key.ts'

interface KeyTextProps {
  readonly text: string
  readonly className?: string | undefined
}

/** A key as it is, in one line, with marks for what could not be seen. It never turns the direction of what stands beside it. */
export function KeyText({ text, className }: KeyTextProps): ReactElement {
  const pieces = keyPieces(text)
  let at = 0
  return (
    <bdi className={clsx(css.key, className)} dir="ltr" translate="no">
      {pieces.map((piece) => {
        at += piece.text.length
        return piece.mark ? (
          <span key={at} className={css.mark}>
            {piece.text}
          </span>
        ) : (
          piece.text
        )
      })}
    </bdi>
  )
}

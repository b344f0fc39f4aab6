import type { ReactElement, ReactNode } from 'react'
import { useEffect, useRef } from 'react'
import css from './settings.module.css'

interface SettingLineProps {
  readonly label: ReactNode
  readonly help: ReactNode
  /** Below the help: source, default, marks. */
  readonly facts?: ReactNode
  readonly control: ReactNode
  readonly staged?: boolean
  /** Its value was refused: it comes into sight. */
  readonly refused?: boolean
}

/** One setting: what it is at the left, its control at the right. */
export function SettingLine({ label, help, facts, control, staged = false, refused = false }: SettingLineProps): ReactElement {
  const line = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // After the bar at the foot has taken its room.
    if (refused) line.current?.scrollIntoView({ block: 'nearest' })
  }, [refused])
  return (
    <div ref={line} className={css.line} data-staged={staged || undefined}>
      <div className={css.lineText}>
        <p className={css.lineLabel}>{label}</p>
        <p className={css.muted}>{help}</p>
        {facts}
      </div>
      <div className={css.lineControl}>{control}</div>
    </div>
  )
}

interface SectionProps {
  readonly id: string
  readonly title: string
  readonly text: ReactNode
  readonly children: ReactNode
}

export function Section({ id, title, text, children }: SectionProps): ReactElement {
  return (
    <section id={`settings-${id}`} className={css.section} aria-labelledby={`settings-${id}-title`}>
      <div>
        <h2 id={`settings-${id}-title`} tabIndex={-1} className={css.sectionTitle}>
          {title}
        </h2>
        <p className={css.muted}>{text}</p>
      </div>
      {children}
    </section>
  )
}

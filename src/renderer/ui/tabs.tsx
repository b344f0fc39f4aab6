import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactElement, ReactNode } from 'react'
import css from './tabs.module.css'

export interface Tab<Name extends string> {
  readonly name: Name
  readonly label: ReactNode
  readonly content: ReactNode
}

interface TabsProps<Name extends string> {
  readonly label: string
  readonly tabs: readonly Tab<Name>[]
  readonly value: Name
  readonly onChange: (name: Name) => void
}

/** Only the content of the chosen tab is mounted. */
export function Tabs<Name extends string>({ label, tabs, value, onChange }: TabsProps<Name>): ReactElement {
  return (
    <Base.Root className={css.root} value={value} onValueChange={(next: Name) => onChange(next)}>
      <Base.List className={css.list} aria-label={label}>
        {tabs.map((tab) => (
          <Base.Tab key={tab.name} value={tab.name} className={css.tab}>
            {tab.label}
          </Base.Tab>
        ))}
        <Base.Indicator className={css.mark} />
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.name} value={tab.name} className={css.panel}>
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}

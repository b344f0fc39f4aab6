import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { ShortcutGroup } from '../shortcuts/registry.ts'
import { keysOf, shortcutGroups, shortcutNames, shortcuts } from '../shortcuts/registry.ts'
import { Dialog } from '../ui/dialog.tsx'
import { KeyCaps } from '../ui/key-caps.tsx'
import css from './shortcut-sheet.module.css'

interface ShortcutSheetProps {
  readonly open: boolean
  readonly onClose: () => void
}

/** All keys at a glance. */
export function ShortcutSheet({ open, onClose }: ShortcutSheetProps): ReactElement {
  const { t } = useTranslation('shell')
  return (
    <Dialog open={open} onClose={onClose} title={t('shortcutsTitle')} description={t('helpText')} wide scrolls>
      <div className={css.groups}>
        {shortcutGroups.map((group) => (
          <Group key={group} group={group} />
        ))}
      </div>
    </Dialog>
  )
}

function Group({ group }: { readonly group: ShortcutGroup }) {
  const { t } = useTranslation('shortcuts')
  return (
    <section className={css.group}>
      <h3>{t(group)}</h3>
      <ul>
        {shortcutNames
          .filter((name) => shortcuts[name].group === group)
          .map((name) => {
            const keys = keysOf(name)
            return keys === undefined ? null : (
              <li key={name} className={css.row}>
                {t(shortcuts[name].text)}
                <KeyCaps keys={keys} />
              </li>
            )
          })}
      </ul>
    </section>
  )
}

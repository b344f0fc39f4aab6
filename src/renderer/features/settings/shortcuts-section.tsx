import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { keysOf, shortcutGroups, shortcutNames, shortcuts } from '../../shortcuts/registry.ts'
import { KeyCaps } from '../../ui/key-caps.tsx'
import { matches } from './matches.ts'
import { Section } from './setting-line.tsx'
import css from './settings.module.css'

export function ShortcutsSection({ find }: { readonly find: string }): ReactElement | null {
  const { t } = useTranslation('settings')
  const { t: tShortcuts } = useTranslation('shortcuts')
  const groups = shortcutGroups
    .map((group) => {
      const rows = shortcutNames
        .filter((name) => shortcuts[name].group === group)
        .map((name) => ({ name, keys: keysOf(name), text: tShortcuts(shortcuts[name].text) }))
        .filter(({ keys, text }) => keys !== undefined && matches(find, t('shortcuts'), tShortcuts(group), text))
      return { group, rows }
    })
    .filter(({ rows }) => rows.length > 0)
  if (groups.length === 0) return null
  return (
    <Section id="shortcuts" title={t('shortcuts')} text={t('shortcutsText')}>
      <div className={css.shortcuts}>
        {groups.map(({ group, rows }) => (
          <div key={group} className={css.group}>
            <h3 className={css.groupTitle}>{tShortcuts(group)}</h3>
            <dl className={css.lines}>
              {rows.map(({ name, keys = '', text }) => (
                <div key={name} className={css.shortcut}>
                  <dt>{text}</dt>
                  <dd>
                    <KeyCaps keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
    </Section>
  )
}

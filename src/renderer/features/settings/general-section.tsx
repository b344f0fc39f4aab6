import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { densities, themes, usePreferences } from '../../app/preferences.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { Switch } from '../../ui/switch.tsx'
import { matches } from './matches.ts'
import { Section, SettingLine } from './setting-line.tsx'
import css from './settings.module.css'

export function GeneralSection({ find }: { readonly find: string }): ReactElement | null {
  const { t } = useTranslation('settings')
  const { theme, density, singleKeys, change } = usePreferences()
  const themeTexts = { system: t('themeSystem'), light: t('themeLight'), dark: t('themeDark') }
  const densityTexts = { compact: t('densityCompact'), comfortable: t('densityComfortable') }
  const lines = [
    {
      name: 'theme',
      label: t('theme'),
      help: t('themeHelp'),
      control: (
        <Segmented
          label={t('theme')}
          options={themes.map((value) => ({ value, label: themeTexts[value] }))}
          value={theme}
          onChange={(next) => change({ theme: next })}
        />
      ),
    },
    {
      name: 'density',
      label: t('density'),
      help: t('densityHelp'),
      control: (
        <Segmented
          label={t('density')}
          options={densities.map((value) => ({ value, label: densityTexts[value] }))}
          value={density}
          onChange={(next) => change({ density: next })}
        />
      ),
    },
    {
      name: 'singleKeys',
      label: t('singleKeys'),
      help: t('singleKeysHelp'),
      control: (
        <Switch label={t('singleKeys')} labelHidden checked={singleKeys} onChange={(next) => change({ singleKeys: next })} />
      ),
    },
  ].filter(({ label, help }) => matches(find, t('general'), label, help))
  if (lines.length === 0) return null
  return (
    <Section id="general" title={t('general')} text={t('generalText')}>
      <div className={css.lines}>
        {lines.map(({ name, ...line }) => (
          <SettingLine key={name} {...line} />
        ))}
      </div>
    </Section>
  )
}

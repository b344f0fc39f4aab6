import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Details } from '../../ui/card.tsx'
import { matches } from './matches.ts'
import { Section } from './setting-line.tsx'
import css from './settings.module.css'

export function PrivacySection({ find }: { readonly find: string }): ReactElement | null {
  const { t } = useTranslation('settings')
  const items = [
    { term: t('privacyScreens'), value: t('privacyScreensText') },
    { term: t('privacyTelemetry'), value: t('privacyTelemetryText') },
    { term: t('privacyUpdates'), value: t('privacyUpdatesText') },
    { term: t('privacyKept'), value: t('privacyKeptText') },
  ].filter(({ term, value }) => matches(find, t('privacy'), term, value))
  if (items.length === 0) return null
  return (
    <Section id="privacy" title={t('privacy')} text={t('privacyText')}>
      <div className={css.panel}>
        <Details items={items} />
      </div>
    </Section>
  )
}

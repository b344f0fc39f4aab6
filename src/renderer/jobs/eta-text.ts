import type { TFunction } from 'i18next'
import type { EtaRange } from './job-progress.ts'
import { roundedEta } from './job-progress.ts'

/** `6-9 min left`. */
export function etaText(eta: EtaRange, t: TFunction<'activity'>, locale = 'en'): string {
  const { unit, low, high } = roundedEta(eta)
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' })
  if (low === high) return t('etaAbout', { time: format.format(high) })
  if (low <= 0) return t('etaUnder', { time: format.format(high) })
  return t('etaRange', { low, time: format.format(high) })
}

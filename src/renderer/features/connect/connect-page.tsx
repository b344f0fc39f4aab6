import { useTranslation } from 'react-i18next'

export function ConnectPage() {
  const { t } = useTranslation('connect')
  return <h1>{t('title')}</h1>
}

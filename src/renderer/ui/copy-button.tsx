import { Check, Copy } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from './icon-button.tsx'
import { useCopy } from './use-copy.ts'

export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }): ReactElement {
  const { t } = useTranslation('ui')
  const { copied, copy } = useCopy()
  return (
    <IconButton
      label={copied ? t('copied') : (label ?? t('copy'))}
      icon={copied ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />}
      onClick={() => copy(text)}
    />
  )
}

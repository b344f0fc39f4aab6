import { useTranslation } from 'react-i18next'
import { useNode } from './connection-provider.tsx'
import { useNodeStatus } from './use-node-status.ts'

/** Why keys cannot be changed at present, in words; undefined while they can. */
export function useWriteBlock(): string | undefined {
  const { live, hello } = useNode()
  const status = useNodeStatus()
  const { t } = useTranslation('shell')
  if (!live) return t('blockedAway')
  if (status?.readOnly ?? hello.readOnly) return t('blockedReadOnly')
  if (status?.safeMode) return t('blockedSafeMode')
  if (status?.condition === 'suspect') return t('blockedSuspect')
  return undefined
}

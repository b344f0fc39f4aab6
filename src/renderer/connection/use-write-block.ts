import { useTranslation } from 'react-i18next'
import { useNodeStatus } from './use-node-status.ts'
import { useScreenBlock } from './use-screen-block.ts'

/** Why keys cannot be changed at present, in words; undefined while they can. */
export function useWriteBlock(): string | undefined {
  const blocked = useScreenBlock()
  const status = useNodeStatus()
  const { t } = useTranslation('shell')
  if (blocked !== undefined) return blocked
  if (status?.cluster.withdrawn) return t('blockedWithdrawn')
  if (status?.safeMode) return t('blockedSafeMode')
  if (status?.condition === 'suspect') return t('blockedSuspect')
  return undefined
}

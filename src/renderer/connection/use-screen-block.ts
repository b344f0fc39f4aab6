import { useTranslation } from 'react-i18next'
import { useConnectionSnapshot, useNode } from './connection-provider.tsx'
import { useNodeStatus } from './use-node-status.ts'
import { useReadOnlyEnd } from './use-read-only-end.ts'

/** Why these screens can change nothing of the node at present, in words; undefined while they can. */
export function useScreenBlock(): string | undefined {
  const { live, hello } = useNode()
  const { link } = useConnectionSnapshot()
  const status = useNodeStatus()
  const { t } = useTranslation('shell')
  const readOnly = status?.readOnly ?? hello.readOnly
  const end = useReadOnlyEnd(readOnly)
  if (link.state === 'silent') return t('blockedSilent')
  if (!live) return t('blockedAway')
  if (readOnly && end === undefined) return t('blockedReadOnly')
  if (end === undefined) return undefined
  return `${t('blockedReadOnly')} ${end.by === 'start' ? t('readOnlyByStart', { cause: end.cause }) : t('readOnlyBySettings')}`
}

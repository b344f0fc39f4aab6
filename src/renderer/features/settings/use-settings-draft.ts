import { useTranslation } from 'react-i18next'
import type { Draft } from '../../app/drafts.ts'
import { useDrafts } from '../../app/drafts.ts'
import { useNode } from '../../connection/connection-provider.tsx'

interface SettingsDraft {
  readonly draft: Draft | undefined
  /** False when there are too many drafts. */
  readonly keep: (text: string, base: string) => boolean
  readonly drop: () => void
}

/** The name of a draft of the settings of a node: `form` or `file`. */
export function settingsDraftName(nodeId: string, part: 'form' | 'file'): string {
  return `${nodeId} settings ${part}`
}

/** What was changed and not applied outlives the page, and is of this node only: another one has other settings. */
export function useSettingsDraft(part: 'form' | 'file'): SettingsDraft {
  const { t } = useTranslation('settings')
  const { networkId, networkName, nodeId } = useNode().hello
  const name = settingsDraftName(nodeId, part)
  const draft = useDrafts((store) => store.drafts[name])
  const { keep, drop } = useDrafts.getState()
  return {
    draft,
    keep: (text, base) => keep(name, { text, base, home: { networkId, networkName }, title: t('title') }),
    drop: () => drop(name),
  }
}

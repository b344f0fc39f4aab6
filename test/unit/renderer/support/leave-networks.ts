import { useDrafts } from '../../../../src/renderer/app/drafts.ts'
import { enterNetwork, useTabs } from '../../../../src/renderer/features/keys/tabs-store.ts'

/** Nothing that one test left open or unsaved is met by the next. */
export function leaveNetworks(): void {
  enterNetwork('none')
  useTabs.setState({ kept: new Map() })
  useDrafts.setState({ drafts: {} })
}

import { MoreHorizontal } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import type { MenuEntry } from '../ui/menu.tsx'
import { ContextMenu, Menu } from '../ui/menu.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { useToast } from '../ui/toast.tsx'
import { Frame, Sample } from './sample.tsx'

const nothing = () => undefined
const entries: readonly MenuEntry[] = [
  { kind: 'separator', label: 'orders/2026-11/0001842' },
  { label: 'Open', shortcut: 'Enter', onSelect: nothing },
  { label: 'Copy the key', onSelect: nothing },
  { label: 'Favourite', checked: true, onSelect: nothing },
  { label: 'Rename…', disabled: true, onSelect: nothing },
  { kind: 'separator' },
  { label: 'Delete', danger: true, shortcut: 'Delete', onSelect: nothing },
]

export function LayersSection() {
  const toast = useToast()
  const [layer, setLayer] = useState<'plain' | 'many' | 'prefix'>()
  const [tab, setTab] = useState<'logs' | 'jobs'>('logs')
  const close = () => setLayer(undefined)
  return (
    <>
      <Sample title="Menus, toasts, dialogs">
        <Menu trigger={<IconButton label="More" icon={<MoreHorizontal size={16} aria-hidden="true" />} />} entries={entries} />
        <ContextMenu entries={entries}>
          <Button>Open the context menu here</Button>
        </ContextMenu>
        <Button onClick={() => toast({ title: 'Deleted orders/1', description: '312 B', undo: nothing })}>
          First level: undo
        </Button>
        <Button onClick={() => toast({ title: 'Export is done' })}>Toast</Button>
        <Button onClick={() => setLayer('plain')}>Dialog</Button>
        <Button onClick={() => setLayer('many')}>Second level: several keys</Button>
        <Button onClick={() => setLayer('prefix')}>Third level: a prefix</Button>
      </Sample>
      <Sample title="Tabs" columns>
        <Frame>
          <Tabs
            label="Activity"
            value={tab}
            onChange={setTab}
            tabs={[
              { name: 'logs', label: 'Logs', content: <p>Lines</p> },
              { name: 'jobs', label: 'Jobs · 1', content: <p>Jobs</p> },
            ]}
          />
        </Frame>
      </Sample>
      <Dialog
        open={layer === 'plain'}
        onClose={close}
        title="New key"
        description="A key is a path of your own."
        actions={<Button kind="primary">Create</Button>}
      />
      <ConfirmDialog
        open={layer === 'many'}
        onClose={close}
        onConfirm={close}
        title="Delete 12 keys?"
        description="They cannot be brought back."
        action="Delete 12 keys"
        sample={['orders/2026-11/0001841', 'orders/2026-11/0001842', '… and 10 more']}
      />
      <ConfirmDialog
        open={layer === 'prefix'}
        onClose={close}
        onConfirm={close}
        title="Delete everything under orders/?"
        description="1,204 keys go, for good."
        action="Delete 1,204 keys"
        typed="orders/"
      />
    </>
  )
}

import { ArrowLeft, PanelRight, Plus, Upload } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode, useNodeEvents } from '../../connection/connection-provider.tsx'
import { useNodeStatus } from '../../connection/use-node-status.ts'
import { useWriteBlock } from '../../connection/use-write-block.ts'
import { keysOf } from '../../shortcuts/registry.ts'
import { useShortcut } from '../../shortcuts/use-shortcut.tsx'
import { Button } from '../../ui/button.tsx'
import { formatCount } from '../../ui/format.ts'
import { IconButton } from '../../ui/icon-button.tsx'
import { Page } from '../../ui/page.tsx'
import type { Pane } from '../../ui/panes.tsx'
import { Panes } from '../../ui/panes.tsx'
import { useWidth } from '../../ui/use-width.ts'
import { DeletionDialogs } from './deletion-dialogs.tsx'
import { folderOf } from './folder-of.ts'
import { CodeDialog } from './inspector/code-dialog.tsx'
import { Inspector } from './inspector/inspector.tsx'
import css from './keys-page.module.css'
import { ListPane } from './list/list-pane.tsx'
import { RightPane } from './right-pane.tsx'
import { enterNetwork, useTabs } from './tabs-store.ts'
import { useAddress } from './use-address.ts'
import { useKeyCommands } from './use-key-commands.ts'
import { enterMemory, useMemory } from './use-memory.ts'
import { useRowActions } from './use-row-actions.ts'
import { useTabKeys } from './use-tab-keys.ts'

/** Widths of the page from which the inspector, and from which list and value stand side by side. */
const inspectorFrom = 1000
const pairFrom = 640

export function KeysPage(): ReactElement {
  const { hello } = useNode()
  const { networkId, networkName } = hello
  const entered = useTabs((state) => state.networkId) === networkId
  useEffect(() => {
    enterMemory(networkId)
    enterNetwork(networkId, networkName)
  }, [networkId, networkName])
  // Tabs and places of another network are never seen, not even for a moment.
  return entered ? <Content /> : <div />
}

function Content(): ReactElement {
  const { t } = useTranslation('keys')
  const status = useNodeStatus()
  const blocked = useWriteBlock()
  const { prefix, activeKey } = useAddress()
  const { delimiter } = useMemory()
  const { newKey, importKeys, exportKeys, removePrefix } = useKeyCommands()
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box) ?? Number.POSITIVE_INFINITY
  const [shown, setShown] = useState<boolean>()
  const [code, setCode] = useState(false)
  const wide = width >= inspectorFrom
  const inspector = shown ?? wide
  const create = blocked === undefined ? () => newKey(prefix) : undefined
  useShortcut('keys.new', create)
  const importHere = () => importKeys(folderOf(prefix, delimiter))
  useShortcut('keys.import', blocked === undefined ? importHere : undefined)
  useShortcut('keys.export', () => exportKeys(prefix))
  useShortcut('keys.deletePrefix', blocked === undefined && prefix !== '' ? () => removePrefix(prefix) : undefined)
  useShortcut('keys.inspector', () => setShown(!inspector))
  useShortcut('keys.copyKey', activeKey === undefined ? undefined : () => void navigator.clipboard.writeText(activeKey))
  useTabKeys()
  // Also where there is room for the value alone.
  useNodeEvents(['keys'])
  const count = status?.keys
  return (
    <Page
      bare
      title={t('title')}
      subtitle={count === undefined ? undefined : t('keysInStore', { count, number: formatCount(count) })}
      actions={
        <>
          <IconButton
            label={t('inspector')}
            shortcut={keysOf('keys.inspector') ?? ''}
            icon={<PanelRight size={16} aria-hidden="true" />}
            pressed={inspector}
            onClick={() => setShown(!inspector)}
          />
          <Button icon={<Upload size={16} aria-hidden="true" />} disabledReason={blocked} onClick={importHere}>
            {t('import')}
          </Button>
          <Button
            kind="primary"
            icon={<Plus size={16} aria-hidden="true" />}
            disabledReason={blocked}
            shortcut={keysOf('keys.new') ?? ''}
            onClick={create}
          >
            {t('newKey')}
          </Button>
        </>
      }
    >
      <div className={css.box} ref={box}>
        <Layout prefix={prefix} activeKey={activeKey} width={width} inspector={inspector} onCode={() => setCode(true)} />
      </div>
      {code && activeKey !== undefined && <CodeDialog name={activeKey} onClose={() => setCode(false)} />}
      <DeletionDialogs />
    </Page>
  )
}

interface LayoutProps {
  readonly prefix: string
  readonly activeKey: string | undefined
  readonly width: number
  readonly inspector: boolean
  readonly onCode: () => void
}

/** Three panes; two and a drawer where it is narrower; one at a time where it is narrow. */
function Layout({ prefix, activeKey, width, inspector, onCode }: LayoutProps): ReactElement {
  const { t } = useTranslation('keys')
  const actions = useRowActions()
  const active = useTabs((state) => state.active)
  const [back, setBack] = useState(false)
  useEffect(() => {
    if (active !== undefined) setBack(false)
  }, [active])
  const list = <ListPane prefix={prefix} activeKey={activeKey} actions={actions} />
  const value = <RightPane onCode={onCode} />
  const facts = <Inspector name={activeKey} onCode={onCode} />
  if (width < pairFrom) {
    return active === undefined || back ? (
      list
    ) : (
      <div className={css.single}>
        <Button kind="quiet" className={css.back} icon={<ArrowLeft size={16} aria-hidden="true" />} onClick={() => setBack(true)}>
          {t('backToList')}
        </Button>
        {value}
      </div>
    )
  }
  const wide = width >= inspectorFrom
  const panes: Pane[] = [
    { name: 'list', label: t('listPane'), content: list, defaultSize: 320, minSize: 220, maxSize: '60%' },
    { name: 'value', label: t('resizeList'), content: value, minSize: 300 },
  ]
  if (wide && inspector) {
    panes.push({ name: 'inspector', label: t('resizeInspector'), content: facts, defaultSize: 256, minSize: 200, maxSize: 420 })
  }
  return (
    <>
      <Panes name="keys" panes={panes} />
      {!wide && inspector && <div className={css.drawer}>{facts}</div>}
    </>
  )
}

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Box, CornerDownRight, FileText, Search, SquareChevronRight } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { screenLimits } from '../app/screen-limits.ts'
import { useNode } from '../connection/connection-provider.tsx'
import type { ShortcutName } from '../shortcuts/registry.ts'
import { keysOf, shortcuts } from '../shortcuts/registry.ts'
import { useAvailableCommands, useShortcutHub } from '../shortcuts/use-shortcut.tsx'
import { blockCommand } from '../snippets/snippets.ts'
import { CommandDialog } from '../ui/command-dialog.tsx'
import { KeyCaps } from '../ui/key-caps.tsx'
import css from './palette.module.css'
import type { Command, PaletteItem } from './palette-items.ts'
import { addressIn, leadsAway, paletteItems } from './palette-items.ts'
import { useLead } from './use-leading-command.ts'

interface PaletteProps {
  readonly open: boolean
  readonly onClose: () => void
}

/** One field for everything: keys by how they begin, addresses of blocks, commands. */
export function Palette({ open, onClose }: PaletteProps): ReactElement {
  const { t } = useTranslation('shell')
  const [text, setText] = useState('')
  const { keys, settled } = useKeysLike(text, open)
  const commands = useCommands()
  const choose = useChoose(open)
  const [away, setAway] = useState(false)
  const close = (chosen?: PaletteItem): void => {
    setAway(chosen !== undefined && leadsAway(chosen))
    setText('')
    onClose()
  }
  return (
    <CommandDialog
      open={open}
      onClose={() => close()}
      title={t('paletteTitle')}
      placeholder={t('palettePlaceholder')}
      empty={t('noMatches')}
      icon={<Search size={16} aria-hidden="true" />}
      text={text}
      onText={setText}
      items={paletteItems(text, keys, commands)}
      itemKey={(item) => `${item.kind} ${item.value}`}
      renderItem={(item) => <Item item={item} />}
      onChoose={(item) => {
        close(item)
        // On a link of the navigation its tooltip would open over the page that is led to.
        if (leadsAway(item)) requestAnimationFrame(() => document.querySelector('main')?.focus())
        choose(item, settled)
      }}
      focusBack={!away}
    />
  )
}

const icons = { key: FileText, prefix: CornerDownRight, address: Box, command: SquareChevronRight }

function Item({ item }: { readonly item: PaletteItem }) {
  const { t } = useTranslation('shell')
  const Icon = icons[item.kind]
  const keys = item.kind === 'command' ? keysOf(item.value) : undefined
  const labels = {
    key: item.value,
    prefix: t('openUnder', { prefix: item.value }),
    address: t('addressCommand'),
    command: item.kind === 'command' ? item.label : '',
  }
  return (
    <>
      <Icon size={14} aria-hidden="true" />
      <span className={item.kind === 'key' ? css.key : css.label} translate={item.kind === 'key' ? 'no' : undefined}>
        {labels[item.kind]}
      </span>
      {keys !== undefined && <KeyCaps keys={keys} />}
      {item.kind === 'key' && <span className={css.kind}>{t('keyKind')}</span>}
      {item.kind === 'address' && <span className={css.kind}>{t('addressKind')}</span>}
    </>
  )
}

interface KeysLike {
  readonly keys: readonly string[]
  /** Whether the node has answered for the text as it stands. */
  readonly settled: boolean
}

/** Keys that begin with the text, as far as the node has answered. */
function useKeysLike(text: string, open: boolean): KeysLike {
  const { queries } = useNode()
  const [prefix, setPrefix] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setPrefix(text.trim()), screenLimits.paletteDelayMs)
    return () => clearTimeout(timer)
  }, [text])
  const enabled = open && prefix !== '' && addressIn(prefix) === undefined
  const input = { prefix, delimiter: '', limit: screenLimits.paletteKeysMax }
  const found = useQuery(queries.kv.list.queryOptions({ input, enabled, gcTime: 10_000 }))
  if (!enabled || prefix !== text.trim()) return { keys: [], settled: false }
  return { keys: found.data?.items.map((item) => item.key) ?? [], settled: !found.isPending }
}

function useCommands(): readonly Command[] {
  const { t } = useTranslation('shortcuts')
  return useAvailableCommands()
    .filter((name) => !('localOnly' in shortcuts[name]))
    .map((name) => ({ name, label: t(shortcuts[name].text) }))
}

function useChoose(open: boolean): (item: PaletteItem, settled: boolean) => void {
  const navigate = useNavigate()
  const hub = useShortcutHub()
  const leadToFilter = useLead('keys.filter')
  const isKey = useIsKey()
  const { queries } = useNode()
  const grpc = useQuery(queries.grpc.info.queryOptions({ enabled: open })).data
  const openKey = (key: string): void => void navigate({ to: '/keys', search: { key } })
  const openPrefix = (prefix: string): void => void requestAnimationFrame(() => leadToFilter(prefix))
  return (item, settled) => {
    // What takes the focus does so after the dialog has given it back.
    switch (item.kind) {
      case 'key':
        return openKey(item.value)
      case 'prefix':
        if (settled) return openPrefix(item.value)
        // Chosen before the node could offer the key of this very name, which is then what is meant.
        return void isKey(item.value).then((found) => (found ? openKey(item.value) : openPrefix(item.value)))
      case 'address':
        // Its way in was asked for when the palette opened.
        return void navigator.clipboard
          .writeText(grpc === undefined ? `memo block get ${item.value}` : blockCommand(grpc, item.value))
          .catch(() => undefined)
      case 'command':
        return void requestAnimationFrame(() => hub.run(item.value satisfies ShortcutName))
    }
  }
}

function useIsKey(): (key: string) => Promise<boolean> {
  const { client } = useNode()
  return async (key) => {
    try {
      return (await client.kv.stat({ key })) !== null
    } catch {
      // What is wrong is shown where the prefix opens.
      return false
    }
  }
}

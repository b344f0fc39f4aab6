import type { TFunction } from 'i18next'
import { X } from 'lucide-react'
import type { ReactElement } from 'react'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { IconButton } from '../../ui/icon-button.tsx'
import { tabNames } from './tab-names.ts'
import css from './tab-strip.module.css'
import type { Tab } from './tabs-store.ts'
import { activateTab, closeTab, useDirtyTabs, useTabs } from './tabs-store.ts'
import { useMemory } from './use-memory.ts'
import { visibleKey } from './visible-key.ts'

/** What is open. A dot marks text that is not saved; closing such a tab asks first. */
export function TabStrip(): ReactElement | null {
  const { t } = useTranslation('keys')
  const { delimiter } = useMemory()
  const tabs = useTabs((state) => state.tabs)
  const active = useTabs((state) => state.active)
  const dirty = useDirtyTabs()
  const names = useMemo(
    () =>
      tabNames(
        tabs.flatMap((tab) => (tab.kind === 'key' ? [tab.key] : [])),
        delimiter,
      ),
    [tabs, delimiter],
  )
  // Changes with what is active and with its dot, which makes it wider.
  const shown = active === undefined ? undefined : `${active} ${dirty.has(active)}`
  const [leaving, setLeaving] = useState<Tab>()
  const strip = useRef<HTMLElement>(null)
  useEffect(() => {
    // With its cross and dot, so the whole tab and not only its name.
    if (shown !== undefined)
      strip.current?.querySelector('[data-active]')?.scrollIntoView({ inline: 'nearest', block: 'nearest' })
  }, [shown])
  const close = (tab: Tab) => (dirty.has(tab.id) ? setLeaving(tab) : closeTab(tab.id))
  if (tabs.length === 0) return null
  return (
    <nav ref={strip} className={css.strip} aria-label={t('openTabs')}>
      <ul>
        {tabs.map((tab) => (
          <li key={tab.id} className={css.tab} data-active={tab.id === active || undefined}>
            <button
              type="button"
              className={css.name}
              aria-current={tab.id === active || undefined}
              title={longName(tab, t)}
              translate={tab.kind === 'key' ? 'no' : 'yes'}
              onClick={() => activateTab(tab.id)}
              onAuxClick={(event) => event.button === 1 && close(tab)}
            >
              {tab.kind === 'key' ? names.get(tab.key) : longName(tab, t)}
              {dirty.has(tab.id) && <span className={css.dot} role="img" aria-label={t('unsaved')} />}
            </button>
            <IconButton
              className={css.close}
              label={t('closeTabNamed', { name: longName(tab, t) })}
              icon={<X size={12} aria-hidden="true" />}
              onClick={() => close(tab)}
            />
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={leaving !== undefined}
        onClose={() => setLeaving(undefined)}
        onConfirm={() => {
          if (leaving !== undefined) closeTab(leaving.id)
          setLeaving(undefined)
        }}
        title={t('discardTitle')}
        description={leaving === undefined ? '' : t('discardText', { key: longName(leaving, t) })}
        action={t('discard')}
      />
    </nav>
  )
}

function longName(tab: Tab, t: TFunction<'keys'>): string {
  return tab.kind === 'key' ? visibleKey(tab.key) : t(`tab_${tab.kind}`)
}

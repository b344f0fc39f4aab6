import { Outlet } from '@tanstack/react-router'
import { clsx } from 'clsx'
import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePreferences } from '../app/preferences.ts'
import { useConnection, useConnectionSnapshot, useHost, useNode } from '../connection/connection-provider.tsx'
import { chooseScreen } from '../screens/choose-screen.tsx'
import { Stale } from '../ui/states.tsx'
import { Banners } from './banners.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { Nav } from './nav.tsx'
import { Palette } from './palette.tsx'
import css from './shell.module.css'
import { ShortcutSheet } from './shortcut-sheet.tsx'
import { StatusBar } from './status-bar.tsx'
import { TitleBar } from './title-bar.tsx'
import { useShellCommands } from './use-shell-commands.ts'

/** Pages with what is around them; a screen of its own while there is nothing that a page could show. */
export function Shell(): ReactElement {
  const snapshot = useConnectionSnapshot()
  const connection = useConnection()
  return chooseScreen(snapshot, connection) ?? <Frame />
}

const mainId = 'main'

function Frame() {
  const { t } = useTranslation('shell')
  const { live } = useNode()
  const { client } = useHost()
  const narrow = usePreferences((preferences) => preferences.navNarrow)
  const [layer, setLayer] = useState<'palette' | 'sheet' | 'invite'>()
  const close = (): void => setLayer(undefined)
  useShellCommands({
    openPalette: () => setLayer('palette'),
    openSheet: () => setLayer('sheet'),
    openInvite: () => setLayer('invite'),
  })
  return (
    <div className={clsx(css.shell, narrow && css.narrow)}>
      <a
        className={css.skip}
        href={`#${mainId}`}
        onClick={(event) => {
          event.preventDefault()
          document.getElementById(mainId)?.focus()
        }}
      >
        {t('skipToContent')}
      </a>
      <TitleBar onSearch={() => setLayer('palette')} onSignOut={() => void client.signOut().catch(() => undefined)} />
      <Banners />
      <Nav onHelp={() => setLayer('sheet')} />
      <main id={mainId} className={css.main} data-pane tabIndex={-1}>
        <Stale stale={!live}>
          <Outlet />
        </Stale>
      </main>
      <StatusBar />
      <Palette open={layer === 'palette'} onClose={close} />
      <ShortcutSheet open={layer === 'sheet'} onClose={close} />
      <InviteDialog open={layer === 'invite'} onClose={close} />
    </div>
  )
}

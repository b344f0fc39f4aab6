import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './styles/tokens.css'
import './styles/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { guardDrafts } from './app/drafts.ts'
import { loadPages } from './app/pages.ts'
import { applyPreferences } from './app/preferences.ts'
import { preloadPages } from './app/preload-pages.ts'
import { createAppRouter } from './app/router.tsx'
import { createConnection } from './connection/connect.ts'
import type { Connection } from './connection/connection-store.ts'
import { createTexts } from './text/i18n.ts'
import { pageNonce } from './ui/page-nonce.ts'

/** While screens are developed, a node in memory stands in for a real one; a build leaves it out. */
async function chooseConnection(): Promise<Connection> {
  if (import.meta.env.MODE !== 'demo') return createConnection()
  const { connectionOf } = await import('./demo/page-states.ts')
  const { DemoConnection } = await import('./demo/demo-connection.ts')
  return connectionOf(new URLSearchParams(location.search).get('state')) ?? new DemoConnection()
}

const connection = await chooseConnection()
connection.start()
applyPreferences()
guardDrafts()

const root = document.getElementById('root')
if (root !== null) {
  const router = createAppRouter()
  createRoot(root).render(
    <StrictMode>
      <App connection={connection} router={router} texts={createTexts()} nonce={pageNonce()} />
    </StrictMode>,
  )
  // The page that was asked for goes first.
  const leave = router.subscribe('onRendered', () => {
    leave()
    preloadPages(connection, loadPages)
  })
}

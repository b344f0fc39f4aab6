import '@fontsource-variable/inter'
import '@fontsource-variable/jetbrains-mono'
import './styles/tokens.css'
import './styles/base.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { createAppRouter } from './app/router.tsx'
import { createConnection } from './connection/connect.ts'
import { createTexts } from './text/i18n.ts'
import { pageNonce } from './ui/page-nonce.ts'

const connection = createConnection()
connection.start()

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App connection={connection} router={createAppRouter()} texts={createTexts()} nonce={pageNonce()} />
    </StrictMode>,
  )
}

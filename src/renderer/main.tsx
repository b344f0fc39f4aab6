import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { createAppRouter } from './app/router.tsx'
import { createConnection } from './connection/connect.ts'
import { createTexts } from './text/i18n.ts'

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
const connection = createConnection()
connection.start()

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App connection={connection} router={createAppRouter()} texts={createTexts()} nonce={nonce} />
    </StrictMode>,
  )
}

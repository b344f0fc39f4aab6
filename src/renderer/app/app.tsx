import { CSPProvider } from '@base-ui/react/csp-provider'
import { RouterProvider } from '@tanstack/react-router'
import type { i18n } from 'i18next'
import { I18nextProvider } from 'react-i18next'
import { ConnectionProvider } from '../connection/connection-provider.tsx'
import type { Connection } from '../connection/connection-store.ts'
import type { createAppRouter } from './router.tsx'

interface AppProps {
  readonly connection: Connection
  readonly router: ReturnType<typeof createAppRouter>
  readonly texts: i18n
  readonly nonce: string
}

export function App({ connection, router, texts, nonce }: AppProps) {
  return (
    <CSPProvider nonce={nonce}>
      <I18nextProvider i18n={texts}>
        <ConnectionProvider connection={connection}>
          <RouterProvider router={router} />
        </ConnectionProvider>
      </I18nextProvider>
    </CSPProvider>
  )
}

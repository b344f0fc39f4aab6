import { CSPProvider } from '@base-ui/react/csp-provider'
import { RouterProvider } from '@tanstack/react-router'
import type { i18n } from 'i18next'
import type { FallbackProps } from 'react-error-boundary'
import { ErrorBoundary } from 'react-error-boundary'
import { I18nextProvider, useTranslation } from 'react-i18next'
import { ConnectionProvider } from '../connection/connection-provider.tsx'
import type { Connection } from '../connection/connection-store.ts'
import { FailedScreen } from '../screens/failed-screens.tsx'
import { ShortcutProvider } from '../shortcuts/use-shortcut.tsx'
import { ToastProvider } from '../ui/toast.tsx'
import { usePreferences } from './preferences.ts'
import type { AppRouter } from './router.tsx'

interface AppProps {
  readonly connection: Connection
  readonly router: AppRouter
  readonly texts: i18n
  readonly nonce: string
}

const singleKeys = (): boolean => usePreferences.getState().singleKeys

export function App({ connection, router, texts, nonce }: AppProps) {
  return (
    <CSPProvider nonce={nonce}>
      <I18nextProvider i18n={texts}>
        <ErrorBoundary FallbackComponent={RootError}>
          <ConnectionProvider connection={connection}>
            <ShortcutProvider singleKeys={singleKeys}>
              <ToastProvider>
                <RouterProvider router={router} />
              </ToastProvider>
            </ShortcutProvider>
          </ConnectionProvider>
        </ErrorBoundary>
      </I18nextProvider>
    </CSPProvider>
  )
}

function RootError({ error, resetErrorBoundary }: FallbackProps) {
  const { t } = useTranslation('shell')
  return <FailedScreen title={t('errorRoot')} error={error} onRetry={resetErrorBoundary} />
}

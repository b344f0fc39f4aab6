import { CSPProvider } from '@base-ui/react/csp-provider'
import { RouterProvider } from '@tanstack/react-router'
import type { i18n } from 'i18next'
import type { FallbackProps } from 'react-error-boundary'
import { ErrorBoundary } from 'react-error-boundary'
import { I18nextProvider, useTranslation } from 'react-i18next'
import { ConnectionProvider } from '../connection/connection-provider.tsx'
import type { Connection } from '../connection/connection-store.ts'
import { FailedScreen } from '../screens/failed-screens.tsx'
import { keysOf } from '../shortcuts/registry.ts'
import { ShortcutProvider, useShortcut } from '../shortcuts/use-shortcut.tsx'
import { ToastProvider, useOpenUndo } from '../ui/toast.tsx'
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
              <ToastProvider undoKeys={keysOf('keys.undo')}>
                <UndoKeys />
                <RouterProvider router={router} />
              </ToastProvider>
            </ShortcutProvider>
          </ConnectionProvider>
        </ErrorBoundary>
      </I18nextProvider>
    </CSPProvider>
  )
}

/** On every page, for as long as the notice is there. */
function UndoKeys() {
  useShortcut('keys.undo', useOpenUndo())
  return null
}

function RootError({ error, resetErrorBoundary }: FallbackProps) {
  const { t } = useTranslation('shell')
  return <FailedScreen title={t('errorRoot')} error={error} onRetry={resetErrorBoundary} />
}

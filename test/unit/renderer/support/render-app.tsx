import { createMemoryHistory } from '@tanstack/react-router'
import { act, render } from '@testing-library/react'
import { App } from '../../../../src/renderer/app/app.tsx'
import { createAppRouter } from '../../../../src/renderer/app/router.tsx'
import type { Connection } from '../../../../src/renderer/connection/connection-store.ts'
import { DemoConnection } from '../../../../src/renderer/demo/demo-connection.ts'
import type { Catalogue } from '../../../../src/renderer/text/i18n.ts'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'

interface Options {
  readonly path?: string
  /** Instead of the English texts. */
  readonly catalogue?: Catalogue
  readonly connection?: Connection
}

/** The whole app at an address, by default over the node in memory. */
export async function renderApp({ path = '/overview', catalogue, connection = new DemoConnection() }: Options = {}) {
  const texts = catalogue === undefined ? createTexts() : createTexts('en', { en: catalogue })
  const router = createAppRouter(createMemoryHistory({ initialEntries: [path] }))
  connection.start()
  await act(() => router.load())
  const view = render(<App connection={connection} router={router} texts={texts} nonce="nonce" />)
  return { ...view, router, [Symbol.dispose]: connection.stop }
}

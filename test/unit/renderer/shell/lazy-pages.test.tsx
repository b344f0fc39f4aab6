import { createMemoryHistory, createRootRoute, createRoute, createRouter, Outlet, RouterProvider } from '@tanstack/react-router'
import { act, render, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { I18nextProvider } from 'react-i18next'
import { beforeEach, expect, test, vi } from 'vitest'
import type { LazyPage } from '../../../../src/renderer/app/lazy-page.tsx'
import { lazyPage } from '../../../../src/renderer/app/lazy-page.tsx'
import { PageError } from '../../../../src/renderer/app/page-error.tsx'
import { preloadPages } from '../../../../src/renderer/app/preload-pages.ts'
import { ConnectionProvider } from '../../../../src/renderer/connection/connection-provider.tsx'
import { DemoConnection } from '../../../../src/renderer/demo/demo-connection.ts'
import { createTexts } from '../../../../src/renderer/text/i18n.ts'

// React and the router say on the console what they caught.
beforeEach(() => {
  vi.spyOn(console, 'error').mockReturnValue()
  vi.spyOn(console, 'warn').mockReturnValue()
})

const Found = () => <p>the page</p>

/** A page whose code does not come until `heal`. */
function brokenPage() {
  let broken = true
  const fetchPage = vi.fn(async () => {
    if (broken) throw new TypeError('Failed to fetch')
    return Found
  })
  return {
    page: lazyPage(fetchPage),
    fetchPage,
    heal: () => {
      broken = false
    },
  }
}

async function show(page: LazyPage, connection: DemoConnection) {
  const root = createRootRoute({ component: Outlet })
  const route = createRoute({ getParentRoute: () => root, path: '/', component: page })
  const router = createRouter({
    routeTree: root.addChildren([route]),
    history: createMemoryHistory({ initialEntries: ['/'] }),
    defaultErrorComponent: PageError,
  })
  await act(() => router.load())
  return render(
    <I18nextProvider i18n={createTexts()}>
      <ConnectionProvider connection={connection}>
        <RouterProvider router={router as never} />
      </ConnectionProvider>
    </I18nextProvider>,
  )
}

test('a page whose code did not come says what holds, and comes by itself when the node is back', async () => {
  const { page, heal } = brokenPage()
  const connection = new DemoConnection()
  connection.start()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  connection.lose()
  await show(page, connection)
  expect(await screen.findByText('This page could not be loaded')).toBeVisible()
  expect(screen.getByText(/does not answer/)).toBeVisible()
  expect(screen.queryByText(/not affected/)).toBeNull()
  expect(screen.queryByRole('button', { name: 'Load again' })).toBeNull()
  heal()
  act(() => connection.retry())
  expect(await screen.findByText('the page')).toBeVisible()
  connection.stop()
})

test('Try again fetches it again, and loading the screens anew is the last way', async () => {
  const { page, heal } = brokenPage()
  const connection = new DemoConnection()
  connection.start()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  await show(page, connection)
  expect(await screen.findByRole('button', { name: 'Load again' })).toBeVisible()
  expect(screen.getByText(/not saved is lost/)).toBeVisible()
  heal()
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(await screen.findByText('the page')).toBeVisible()
  connection.stop()
})

test('all pages are fetched once the node answers, and again after an absence until all are here', async () => {
  const connection = new DemoConnection()
  const results = [false, true]
  const load = vi.fn(async () => results.shift() ?? true)
  const stop = preloadPages(connection, load, (work) => work())
  expect(load).not.toHaveBeenCalled()
  connection.start()
  await waitFor(() => expect(load).toHaveBeenCalledTimes(1))
  connection.lose()
  connection.retry()
  await waitFor(() => expect(load).toHaveBeenCalledTimes(2))
  connection.lose()
  connection.retry()
  await vi.waitFor(() => expect(connection.snapshot().link.state).toBe('open'))
  expect(load).toHaveBeenCalledTimes(2)
  stop()
  connection.stop()
})

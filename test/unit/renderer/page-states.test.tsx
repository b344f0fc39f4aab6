import { screen, waitFor } from '@testing-library/react'
import { expect, test, vi } from 'vitest'
import type { Connection } from '../../../src/renderer/connection/connection-store.ts'
import { connectionOf } from '../../../src/renderer/demo/page-states.ts'
import { pageLinks } from '../../../src/renderer/gallery/page-links.ts'
import { renderApp } from './support/render-app.tsx'

function made(state: string): Connection {
  const connection = connectionOf(state)
  if (connection === undefined) throw new Error(`the gallery leads to no state ${state}`)
  return connection
}

/** What can only be seen in that state, with words of the page. */
const signs: readonly (readonly [state: string, page: string, sign: RegExp])[] = [
  ['first-use', 'keys', /no keys/i],
  ['partial', 'overview', /^Healthy/],
  ['partial', 'overview', /^What was measured could not be read$/],
  ['partial', 'keys', /^partial: 1 folder holds more/],
  ['damaged', 'keys', /^2 keys here cannot be read: lost-1, lost-2$/],
  ['damaged', 'keys', /^Some of the keys that are shown may not open either/],
  ['damaged', 'keys', /^The index of this node is damaged\. Keys may be missing here/],
  ['partial', 'activity', /^Lines are missing here/],
  ['partial', 'connect', /^The first 100 programs are shown\.$/],
  ['error', 'overview', /the answer of the store was not understood/i],
  ['error', 'keys', /the answer of the store was not understood/i],
  ['error', 'activity', /the answer of the store was not understood/i],
  ['error', 'settings', /the answer of the store was not understood/i],
  ['left-behind', 'overview', /^The network went on without this node\.$/],
  ['left', 'overview', /^This node has left the network\.$/],
  ['evicted', 'overview', /^This node was evicted from the network\.$/],
  ['copied', 'overview', /^This folder was restored or copied\.$/],
  ['permission', 'overview', /Read-only\. These screens change nothing/],
]

test.each(signs)('%s: %s says so', async (state, page, sign) => {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(700)
  using _app = await renderApp({ path: `/${page}`, connection: made(state) })
  await waitFor(() => expect(screen.getAllByText(sign)[0]).toBeInTheDocument(), { timeout: 5_000 })
})

test.each(['overview', 'keys', 'activity', 'connect', 'settings'])('loading: %s shows what is awaited', async (page) => {
  using _app = await renderApp({ path: `/${page}`, connection: made('loading') })
  // What was found may be drawn anew before it is looked at.
  await waitFor(() => expect(screen.getAllByRole('status', { name: /./ })[0]).toBeInTheDocument(), { timeout: 5_000 })
})

test('the gallery leads to no state that does not exist', () => {
  const states = pageLinks.map(({ href }) => /state=([^#]+)#/.exec(href)?.[1] ?? '')
  expect(states.length).toBeGreaterThan(30)
  for (const state of new Set(states)) if (state !== 'none') made(state)
  expect(connectionOf('none')).toBeUndefined()
  expect(connectionOf(null)).toBeUndefined()
})

import { expect, test } from 'vitest'
import { procedures } from '../support/control-world.ts'
import { goTo } from './support/console-pages.ts'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { ScreensBed } from './support/screens.ts'
import { signedInWire } from './support/signed-in-wire.ts'
import { say } from './support/words.ts'

const bed = new ScreensBed()

const bytes = Uint8Array.of(1)
const anyExpectation = { kind: 'any' } as const

test('read-only mode: the screens offer no change, and the node refuses each over the WebSocket', async () => {
  const { page, context, node, grpc } = await bed.openBrowser()
  using program = new Program(grpc)
  await program.put('kept', 'as it is')
  await goTo(page, 'settings')
  await page.getByRole('switch', { name: say.settings('readOnly') }).click()
  await page.getByRole('contentinfo').getByText(say.shell('readOnly')).waitFor()

  const keys = await KeysScreen.open(page)
  await keys.openKey('kept')
  for (const name of [say.keys('edit'), say.keys('deleteKey')]) {
    await expect.poll(() => keys.button(name).getAttribute('aria-disabled')).toBe('true')
  }
  expect(await page.getByRole('button', { name: say.keys('newKey'), exact: true }).getAttribute('aria-disabled')).toBe('true')
  await keys.tree.press('Delete')
  await page.keyboard.press('n')
  expect(await keys.tabs.getByRole('button', { name: say.keys('tab_new') }).count()).toBe(0)

  const { call } = await signedInWire(context, node.ready.consoleUrl)
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    'kv/put': () => call.kv.put({ key: 'kept', value: bytes, contentType: '', expect: anyExpectation }),
    'kv/delete': () => call.kv.delete({ key: 'kept', expect: anyExpectation }),
    'jobs/create': () => call.jobs.create({ kind: 'delete', prefix: 'k' }),
    'jobs/feed': () => call.jobs.feed({ id: 'x', path: 'a', bytes, last: true }),
    'jobs/finish': () => call.jobs.finish({ id: 'x' }),
    'cluster/invite': () => call.cluster.invite({ uses: 1, validityMs: 60_000 }),
    'cluster/drain': () => call.cluster.drain({ nodeId: '0'.repeat(64), undo: false }),
    'cluster/evict': () => call.cluster.evict({ nodeId: '0'.repeat(64), force: true }),
    'cluster/leave': () => call.cluster.leave(),
    'clients/disconnect': () => call.clients.disconnect({ id: 'x' }),
    'grpc/test': () => call.grpc.test(),
  }
  const mutating = procedures().filter(({ mutates }) => mutates)
  expect(Object.keys(calls).sort()).toEqual(mutating.map(({ path }) => path.join('/')).sort())
  for (const [name, change] of Object.entries(calls)) {
    await expect(change(), name).rejects.toMatchObject({ data: { code: 'permission-denied', details: { setting: 'readOnly' } } })
  }
  expect(await program.get('kept')).toBe('as it is')

  await goTo(page, 'settings')
  await page.getByRole('switch', { name: say.settings('readOnly') }).click()
  await page.getByRole('contentinfo').getByText(say.shell('readOnly')).waitFor({ state: 'detached' })
  await expect(calls['kv/put']?.()).resolves.toMatchObject({ kind: 'done' })
})

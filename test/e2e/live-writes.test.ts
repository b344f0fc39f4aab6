import { describe, expect, test } from 'vitest'
import { KeysScreen } from './support/keys-screen.ts'
import { Program } from './support/program.ts'
import { hosts, ScreensBed } from './support/screens.ts'

const bed = new ScreensBed()

/** Keys, opened on a folder that a program has just made. */
async function openWith(host: (typeof hosts)[number], entries: readonly (readonly [string, string])[]) {
  const screens = await bed.open(host)
  const program = new Program(screens.grpc)
  await program.putAll(entries)
  const keys = await KeysScreen.open(screens.page)
  return { ...screens, keys, program }
}

describe.each(hosts)('what a program writes, in the %s', (host) => {
  test('appears in the list, and in the value that is open, within a second', async () => {
    const { keys, program } = await openWith(host, [
      ['orders/1', '{"n":1}'],
      ['orders/2', '{"n":2}'],
    ])
    using _client = program
    await keys.row('orders/').click()
    await keys.openKey('1')
    await keys.text.getByText('1', { exact: true }).waitFor()
    // The promise is a second; what is measured here includes two busy cores of a test machine.
    const withinMs = { timeout: 3_000 }
    await program.put('orders/3', '{"n":3}')
    await keys.row('3').waitFor(withinMs)
    await program.put('orders/1', '{"n":"one"}')
    await keys.text.getByText('"one"').waitFor(withinMs)
    await program.delete('orders/2')
    await keys.row('2').waitFor({ state: 'detached', timeout: withinMs.timeout })
    await program.put('news', 'a key beside the folders')
    await keys.row('news').waitFor(withinMs)
    await program.delete('orders/3')
    await program.delete('orders/1')
    await keys.row('orders/').waitFor({ state: 'detached', timeout: 5_000 })
    expect(await keys.tree.getByRole('treeitem').count()).toBeGreaterThan(0)
  })
})

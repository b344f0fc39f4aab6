import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { assertFlagsKeepable, keepFlags } from '../../../src/node/config/keep-flags.ts'
import type { ConfigInput } from '../../../src/node/config/load-node-config.ts'
import { InvalidConfigError, loadNodeConfig } from '../../../src/node/config/load-node-config.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memo-flags-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = () => join(folder, 'memo.json')

function load(flags: ConfigInput['flags'] = {}, environment: ConfigInput['environment'] = {}) {
  return loadNodeConfig({ flags: { data: folder, ...flags }, environment })
}

test('a start without flags has what was given as flags, as it was understood then', async () => {
  const given = load({ listen: '127.0.0.1:7172', labels: ['ssd', 'large'], capacity: '2 GiB', keyFile: 'secret', zone: 'cellar' })
  expect((await keepFlags(given)).names).toEqual(['listen', 'zone', 'labels', 'keyFile', 'capacity'])
  const { config, sources } = load()
  expect(config).toEqual({ ...given.config, keyFile: resolve('secret') })
  expect([sources.listen.kind, sources.grpc.kind]).toEqual(['file', 'default'])
  expect(JSON.parse(readFileSync(file(), 'utf8'))).not.toHaveProperty('data')
})

test('flags and variables of a later start are stronger', async () => {
  await keepFlags(load({ listen: '127.0.0.1:7172', zone: 'cellar' }))
  const { config } = load({ listen: '127.0.0.1:7272' }, { MEMO_ZONE: 'attic' })
  expect([config.listen?.port, config.zone]).toEqual([7272, 'attic'])
})

test('the rest of the file stays, and what the environment says is not kept', async () => {
  writeFileSync(file(), '{"logLevel":"warn","zone":"attic","labels":["old"]}')
  await keepFlags(load({ zone: 'cellar' }, { MEMO_LISTEN: '127.0.0.1:7172' }))
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ logLevel: 'warn', zone: 'cellar', labels: ['old'] })
})

test('a list that is given empty is taken away', async () => {
  writeFileSync(file(), '{"listen":"127.0.0.1:7172","advertise":"192.0.2.7:7072"}')
  await keepFlags(load({ advertise: '' }))
  expect(load().config.advertise).toEqual([])
})

test('nothing is written where nothing is given or all of it stands there', async () => {
  const { names } = await keepFlags(load({}, { MEMO_ZONE: 'cellar' }))
  expect([names, existsSync(file())]).toEqual([[], false])
  await keepFlags(load({ zone: 'cellar' }))
  const same = await keepFlags(load({ zone: 'cellar' }))
  await same.undo()
  expect(load().config.zone).toBe('cellar')
})

test('what would not stand without the variables of this run is refused', () => {
  const given = load({ advertise: '192.0.2.7:7072' }, { MEMO_LISTEN: '0.0.0.0:7072' })
  expect(() => assertFlagsKeepable(given)).toThrow(InvalidConfigError)
  expect(() => assertFlagsKeepable(given)).toThrow(
    /--listen, and the file has to hold without the flags and variables of this run/,
  )
  expect(existsSync(file())).toBe(false)
})

test('it is put back as it was, unless somebody changed it since', async () => {
  const fresh = await keepFlags(load({ zone: 'cellar' }))
  await fresh.undo()
  expect(existsSync(file())).toBe(false)
  writeFileSync(file(), '{"zone": "attic"}')
  const changed = await keepFlags(load({ zone: 'cellar' }))
  await changed.undo()
  expect(readFileSync(file(), 'utf8')).toBe('{"zone": "attic"}')
  const edited = await keepFlags(load({ zone: 'cellar' }))
  writeFileSync(file(), '{"zone":"roof"}')
  await edited.undo()
  expect(load().config.zone).toBe('roof')
})

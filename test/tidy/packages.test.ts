import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { readText, root } from './source-tree.ts'

type Versions = Readonly<Record<string, string>>

const manifest = JSON.parse(readText('package.json')) as {
  readonly version: string
  readonly license: string
  readonly dependencies: Versions
  readonly devDependencies: Versions
  readonly allowScripts: Readonly<Record<string, boolean>>
}

const lock = JSON.parse(readText('package-lock.json')) as {
  readonly version: string
  readonly packages: Readonly<Record<string, { readonly version: string; readonly hasInstallScript?: boolean }>>
}

test('every version is exact and the lock agrees', () => {
  const wanted = { ...manifest.dependencies, ...manifest.devDependencies }
  expect(Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([])
  const locked = Object.fromEntries(Object.keys(wanted).map((name) => [name, lock.packages[`node_modules/${name}`]?.version]))
  expect(locked).toEqual(wanted)
  expect(lock.version).toBe(manifest.version)
})

test('the lock has the packages of every platform', () => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/complete-lock.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  })
  expect(stdout).toBe('package-lock.json is complete\n')
  expect(status).toBe(0)
})

test('every install script is approved or denied', () => {
  const scripted = Object.entries(lock.packages)
    .filter(([, each]) => each.hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  expect([...new Set(scripted)].filter((name) => manifest.allowScripts[name] === undefined)).toEqual([])
})

test('the tests run on the Node that is pinned', () => {
  expect(process.version).toBe(`v${manifest.devDependencies.node}`)
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FuseV1Options } from '@electron/fuses'
import { expect, test } from 'vitest'
import configuration, { fuses } from '../../electron-builder.config.ts'
import { filesUnder, readText, root } from './source-tree.ts'

const linux = configuration.linux ?? {}
const fuseNames = Object.keys(FuseV1Options).filter((name) => Number.isNaN(Number(name))) as (keyof typeof FuseV1Options)[]
const settings: Readonly<Record<string, unknown>> = fuses

test('every fuse is set on purpose', () => {
  const set = Object.fromEntries(fuseNames.map((name) => [name, settings[FuseV1Options[name]]]))
  expect(set).toEqual({
    RunAsNode: false,
    EnableCookieEncryption: true,
    EnableNodeOptionsEnvironmentVariable: false,
    EnableNodeCliInspectArguments: false,
    EnableEmbeddedAsarIntegrityValidation: true,
    OnlyLoadAppFromAsar: true,
    LoadBrowserProcessSpecificV8Snapshot: false,
    GrantFileProtocolExtraPrivileges: false,
    WasmTrapHandlers: true,
  })
  expect(fuses.strictlyRequireAllFuses).toBe(true)
})

/** Stands in front of the fuses in Electron's executable, followed by a version, their number and a digit for each. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'

test.each(['linux', 'win32'])('packaging for %s sets them in the executable', async (platform) => {
  const folder = mkdtempSync(join(tmpdir(), 'memo-fuses-'))
  try {
    const executable = join(folder, platform === 'win32' ? 'memo.exe' : 'memo')
    const shipped = Buffer.from('101100101')
    writeFileSync(executable, Buffer.concat([Buffer.from(`code${sentinel}`), Buffer.from([1, shipped.length]), shipped]))
    if (typeof configuration.afterPack !== 'function') throw new Error('nothing is done after packing')
    await configuration.afterPack({ appOutDir: folder, electronPlatformName: platform } as never)
    const wire = readFileSync(executable, 'latin1').slice(-shipped.length)
    expect(wire).toBe(fuseNames.map((name) => (settings[FuseV1Options[name]] === true ? '1' : '0')).join(''))
    expect(wire).not.toBe(shipped.toString())
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the app is one archive, with native modules beside it', () => {
  const { asar, asarUnpack, files } = configuration
  expect(asar).toBe(true)
  expect(asarUnpack).toEqual(['**/*.node'])
  expect(files).toContain('out/**')
})

test('no format and no source switches the sandbox off', () => {
  expect(linux.target).toEqual(['deb', 'rpm'])
  expect(linux.executableArgs).toEqual([])
  const sources = [
    ...filesUnder('src'),
    ...filesUnder('scripts'),
    ...filesUnder('bin'),
    'package.json',
    'electron-builder.config.ts',
  ]
  expect(
    sources.filter((file) => /--no-sandbox|sandbox: false|disableSandbox/.test(readFileSync(join(root, file), 'utf8'))),
  ).toEqual([])
})

test('what may reach out of a page stands in one place', () => {
  const sources = filesUnder('src').filter((file) => /\.tsx?$/.test(file))
  const naming = (pattern: RegExp) => sources.filter((file) => pattern.test(readText(file)))
  expect(naming(/\bshell\.openExternal\b/)).toEqual(['src/main/host/desktop-actions.ts'])
  expect(naming(/\bipcRenderer\b/)).toEqual(['src/preload/index.ts'])
  expect(naming(/\bcontextBridge\b/)).toEqual(['src/preload/index.ts'])
  expect(naming(/dangerouslySetInnerHTML|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML/)).toEqual([])
  expect(naming(/nodeIntegration: true|contextIsolation: false|webSecurity: false|webviewTag: true/)).toEqual([])
})

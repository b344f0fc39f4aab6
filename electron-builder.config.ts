// The packages of the desktop app. Needs Electron's runtime: `npx install-electron`, or its folder in ELECTRON_OVERRIDE_DIST_PATH.
import { join } from 'node:path'
import type { FuseConfig } from '@electron/fuses'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'
import type { Configuration } from 'electron-builder'

/** Switches in Electron's executable. Each is named, and one that a later Electron adds fails the packaging until it is named too. */
export const fuses: FuseConfig = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  // The signature of an unsigned macOS app is void once a fuse was set.
  resetAdHocDarwinSignature: true,
  // No way to run other code under the name and the rights of the app.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  // Pages come from app://, files have no rights beyond those of any page.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  // As Electron ships it: it makes WebAssembly faster and allows nothing.
  [FuseV1Options.WasmTrapHandlers]: true,
}

const name = 'memo'
const executables: Readonly<Record<string, string>> = { linux: name, win32: `${name}.exe`, darwin: `${name}.app` }

const configuration: Configuration = {
  appId: 'io.memo.desktop',
  productName: name,
  directories: { output: 'dist', buildResources: 'resources' },
  ...(process.env.ELECTRON_OVERRIDE_DIST_PATH && { electronDist: process.env.ELECTRON_OVERRIDE_DIST_PATH }),
  electronLanguages: ['en-US'],
  files: ['out/**', '!**/*.map', 'protos/**', 'package.json', 'LICENSE'],
  asar: true,
  // Native modules are loaded from files; everything else stays inside the archive whose integrity is checked.
  asarUnpack: ['**/*.node'],
  // Native modules bring prebuilt files for every platform that is packaged.
  npmRebuild: false,
  // By the package of our own: the one that electron-builder brings does not know every fuse.
  afterPack: async ({ appOutDir, electronPlatformName }) => {
    await flipFuses(join(appOutDir, executables[electronPlatformName] ?? name), fuses)
  },
  // Formats whose installer sets up Chromium's sandbox; those that would switch it off are not made.
  linux: {
    target: ['deb', 'rpm'],
    category: 'Development',
    icon: 'resources/icon.png',
    executableName: name,
    executableArgs: [],
    synopsis: 'A storage node with its screens',
    maintainer: 'memo',
    vendor: 'memo',
  },
  // There is no LevelDB for Windows on ARM, which runs programs for x64.
  win: { target: [{ target: 'nsis', arch: ['x64'] }], icon: 'resources/icon.png' },
  nsis: { oneClick: false, perMachine: false, deleteAppDataOnUninstall: false },
  mac: {
    target: [{ target: 'dmg', arch: ['x64', 'arm64'] }],
    category: 'public.app-category.developer-tools',
    icon: 'resources/icon.png',
  },
  publish: null,
}

export default configuration

// Adds to package-lock.json the platform packages that npm drops when the registry it was run against lacks them.
// Without those entries `npm ci` refuses the lock; with them it skips the packages of other platforms.
// Usage: node scripts/complete-lock.mjs [--check]. With --check nothing is written and a missing entry is exit code 1.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const operatingSystems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']
/** @type {Record<string, string>} */
const osAliases = { linuxmusl: 'linux', mac: 'darwin', windows: 'win32', win: 'win32' }
/** @type {Record<string, string>} */
const processorAliases = { aarch64: 'arm64', armv7: 'arm', armv7l: 'arm', armhf: 'arm', x86: 'ia32', ppc64le: 'ppc64' }

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 */

/**
 * os, cpu and libc as the words of a platform package's name tell them.
 * @param {string} name
 */
function platformFromName(name) {
  const words = name.split(/[/@_-]+/).filter(Boolean)
  const os = words.map((word) => osAliases[word] ?? word).find((word) => operatingSystems.includes(word))
  const cpu = words.map((word) => processorAliases[word] ?? word).find((word) => processors.includes(word))
  const musl = words.some((word) => ['musl', 'linuxmusl', 'musleabihf'].includes(word))
  const glibc = words.some((word) => ['gnu', 'glibc', 'gnueabihf'].includes(word))
  const libc = os === 'linux' ? (musl && 'musl') || (glibc && 'glibc') : undefined
  return { ...(cpu && { cpu: [cpu] }), ...(libc && { libc: [libc] }), ...(os && { os: [os] }) }
}

/**
 * The lock with every optional dependency present, and the names that had to be added.
 * @param {Lock} lock
 */
function completeLock(lock) {
  const packages = { ...lock.packages }
  const added = []
  for (const pkg of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(pkg.optionalDependencies ?? {})) {
      if (Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))) continue
      packages[`node_modules/${name}`] = { version, ...platformFromName(name), ...(pkg.dev && { dev: true }), optional: true }
      added.push(name)
    }
  }
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
  return { lock: { ...lock, packages: sorted }, added }
}

const file = join(import.meta.dirname, '..', 'package-lock.json')
const { lock, added } = completeLock(JSON.parse(readFileSync(file, 'utf8')))
for (const name of added) console.log(`missing from package-lock.json: ${name}`)
if (added.length > 0 && process.argv.includes('--check')) process.exit(1)
if (added.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
console.log(added.length === 0 ? 'package-lock.json is complete' : `package-lock.json: ${added.length} entries added`)

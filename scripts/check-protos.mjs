// Lint and format of the protos; on a branch also whether it breaks what `main` promises on the wire.
import { spawnSync } from 'node:child_process'

/**
 * @param {string} command
 * @param {...string} args
 */
function output(command, ...args) {
  const result = spawnSync(command, args, { encoding: 'utf8' })
  return result.status === 0 ? result.stdout.trim() : ''
}

/** @param {...string} args */
function buf(...args) {
  const { status } = spawnSync('buf', args, { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

buf('lint')
buf('format', '--diff', '--exit-code')

// A shallow clone, an archive and main itself have nothing to compare with.
const head = output('git', 'rev-parse', '--verify', 'HEAD')
const base = ['origin/main', 'main'].find((name) => output('git', 'ls-tree', '--name-only', name, 'protos') === 'protos')
if (base !== undefined && output('git', 'rev-parse', base) !== head) buf('breaking', '--against', `.git#ref=${base}`)

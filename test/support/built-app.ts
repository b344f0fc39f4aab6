import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Builds the app where its sources are newer: what is proved is what is shipped. */
export function ensureBuiltApp(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build-if-needed.mjs')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the app could not be built:\n${stderr}`)
}

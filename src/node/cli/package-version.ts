import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './package-root.ts'

/** The version in the package.json of this package. */
export function packageVersion(): string {
  const path = join(packageRoot(), 'package.json')
  if (!existsSync(path)) return 'unknown'
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: unknown }
  return typeof version === 'string' ? version : 'unknown'
}

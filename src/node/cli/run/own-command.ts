import { accessSync, constants, existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join, sep } from 'node:path'
import { shellWord } from '../../../shared/shell-word.ts'
import { defaultDataDirectory } from '../../config/default-data-directory.ts'
import type { Environment } from '../../config/process-environment.ts'
import { packageRoot } from '../package-root.ts'

interface CommandFacts {
  readonly environment: Environment
  readonly platform?: NodeJS.Platform
  /** The package that this file is part of. */
  readonly root?: string
}

/**
 * How a shell on this computer calls the command line of this very memo, wherever it stands: `memo` where that is installed, else the
 * file in the checkout by its full path. A packaged app brings no command line; what it says is meant for one that is installed.
 */
export function ownCommand({ environment, platform = process.platform, root = packageRoot() }: CommandFacts): string {
  const file = join(root, 'bin', 'memo.js')
  if (!existsSync(file) || isInstalled(file, environment.PATH ?? '', platform)) return 'memo'
  if (platform === 'win32') return `node ${commandWord(file, platform)}`
  return isExecutable(file) ? shellWord(file) : `node ${shellWord(file)}`
}

/** The command that makes a link to sign in at the console of the node on a data directory. */
export function consoleCommandText(
  command: string,
  data: string,
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): string {
  if (data === defaultDataDirectory({ platform, environment })) return `${command} console`
  return `${command} console --data ${commandWord(data, platform)}`
}

/** On Windows no file has a double quote in its name. */
function commandWord(text: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return shellWord(text)
  return /^[\w@+=:,.\\/-]+$/.test(text) ? text : `"${text}"`
}

/** Whether `memo` of a plain shell is this one. What npm puts in front of the path of its scripts is in no such shell. */
function isInstalled(file: string, path: string, platform: NodeJS.Platform): boolean {
  const ofScripts = join('node_modules', '.bin')
  const folders = path.split(delimiter).filter((folder) => folder !== '' && !folder.endsWith(`${sep}${ofScripts}`))
  const found = folders.map((folder) => join(folder, platform === 'win32' ? 'memo.cmd' : 'memo')).find(existsSync)
  if (found === undefined) return false
  // npm's script for Windows stands beside the packages that are installed for everybody.
  if (platform === 'win32') return dirname(dirname(file)) === join(dirname(found), 'node_modules', 'memo')
  return realpathSync(found) === realpathSync(file)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

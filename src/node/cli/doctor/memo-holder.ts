import { readdir, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shellWord } from '../../../shared/shell-word.ts'
import { indexName } from '../../adapters/level-store/store-files.ts'
import type { HostPort } from '../../config/host-port.ts'
import { hostPortText } from '../../config/host-port.ts'
import type { PortHolder } from '../run/check-ports.ts'
import { holdsStore } from '../run/file-place.ts'
import { askHealth } from './running-checks.ts'

/** LevelDB keeps it open as long as the store is. */
const lockEnding = join('/', indexName, 'LOCK')

/** The words for a node of memo that holds a port, with its folder where that can be known; undefined for another program. */
export async function memoHolderText(address: HostPort, holder: PortHolder): Promise<string | undefined> {
  if (holder !== undefined) {
    const data = await dataDirectoryOf(holder.pid)
    if (data === undefined) return undefined
    return `a memo node (process ${holder.pid}) that runs on ${data}: memo doctor --data ${shellWord(data)} looks at it`
  }
  const host = ['0.0.0.0', '::'].includes(address.host) ? '127.0.0.1' : address.host
  const health = await askHealth({ url: `http://${hostPortText({ host, port: address.port })}` })
  return health === undefined ? undefined : `a memo node (process ${health.pid}) on another folder`
}

/** What the store that a process has open is in, as far as Linux tells us. */
async function dataDirectoryOf(pid: number): Promise<string | undefined> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
    if (!target.endsWith(lockEnding)) continue
    const folder = dirname(dirname(target))
    if (await holdsStore(folder)) return folder
  }
  return undefined
}

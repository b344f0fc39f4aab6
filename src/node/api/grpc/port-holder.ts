import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

const listening = '0A'

/** Who listens at a port of this computer, as far as Linux tells us; undefined elsewhere, and for what belongs to other users. */
export async function findPortHolder(port: number): Promise<{ readonly pid: number; readonly command: string } | undefined> {
  const inodes = new Set([...(await listeningInodes('/proc/net/tcp', port)), ...(await listeningInodes('/proc/net/tcp6', port))])
  if (inodes.size === 0) return undefined
  for (const name of await listFolder('/proc')) {
    if (!/^\d+$/.test(name)) continue
    if (!(await holdsOne(name, inodes))) continue
    return { pid: Number(name), command: await commandOf(name) }
  }
  return undefined
}

/** Program and script without their folders; no further arguments, which may be secret. */
async function commandOf(pid: string): Promise<string> {
  const [program = '', script = ''] = (await readText(`/proc/${pid}/cmdline`)).split('\0')
  const words = script === '' || script.startsWith('-') ? [program] : [program, script]
  return words.map((word) => basename(word)).join(' ') || 'an unknown program'
}

/** Columns of /proc/net/tcp: number, local address as hex IP:PORT, remote address, state, ..., inode as the tenth. */
async function listeningInodes(path: string, port: number): Promise<string[]> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = (await readText(path)).split('\n').map((line) => line.trim().split(/\s+/))
  return rows.flatMap((row) => (row[1]?.endsWith(suffix) && row[3] === listening && row[9] !== undefined ? [row[9]] : []))
}

async function holdsOne(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const descriptor of await listFolder(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
    if (target.startsWith('socket:[') && inodes.has(target.slice('socket:['.length, -1))) return true
  }
  return false
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}

function listFolder(path: string): Promise<string[]> {
  return readdir(path).catch(() => [])
}

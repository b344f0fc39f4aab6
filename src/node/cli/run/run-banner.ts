import type { KeyDescription } from '../../ports/key-vault.ts'
import type { ReadyFacts } from './ready-file.ts'

interface BannerFacts {
  /** Opens the console, once. */
  readonly link: string
  /** Makes another link. */
  readonly signIn: string
  readonly data: string
  readonly keys: readonly KeyDescription[]
  readonly suspect: boolean
}

/** What a person on a terminal wants to know of a node that has just started. */
export function runBanner(ready: ReadyFacts, { link, signIn, data, keys, suspect }: BannerFacts): string {
  const lines = [
    `memo ${ready.version} is running`,
    `  gRPC     ${ready.grpc}`,
    ...(ready.listen === null ? [] : [`  nodes    ${ready.listen}, for others that "memo cluster invite --auto" lets in`]),
    `  console  ${link}`,
    '           signs in one browser, once, within 5 minutes; another is made by',
    `           ${signIn}`,
    `  data     ${data}`,
    `  keys     ${keysText(keys)}`,
    ...(suspect ? ['  ATTENTION: durable records are missing, the store is read-only: see "memo doctor"'] : []),
    '  Ctrl-C stops it in order.',
  ]
  return `${lines.join('\n')}\n`
}

function keysText(keys: readonly KeyDescription[]): string {
  return keys.map((key) => `${key.name}: ${protectionText(key)}`).join('; ')
}

export function protectionText({ protection, path, mode }: KeyDescription): string {
  const place = `${path}, mode ${(mode & 0o777).toString(8).padStart(4, '0')}`
  switch (protection.kind) {
    case 'systemd-credential':
      return `encrypted with a systemd credential (${place})`
    case 'key-file':
      return `encrypted with the key file ${protection.path} (${place})`
    case 'passphrase':
      return `encrypted with a passphrase (${place})`
    case 'plain':
      return `not encrypted, protected by the rights of the file only (${place})`
  }
}

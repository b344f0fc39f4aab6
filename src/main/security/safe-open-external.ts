/** Pages that this program itself points to. */
const knownHosts: ReadonlySet<string> = new Set(['github.com', 'grpc.io', 'protobuf.dev', 'www.electronjs.org', 'nodejs.org'])

export interface ExternalParts {
  /** The browser of the system. */
  readonly open: (url: string) => Promise<void>
  /** Asks the person whether a page of an unknown host shall be opened. */
  readonly confirm: (facts: { readonly host: string; readonly url: string }) => Promise<boolean>
}

export type ExternalVerdict = 'opened' | 'declined' | 'refused'

const urlCharsMax = 2048

/**
 * The one way to a page outside: https only, without a name and password in it, written anew by the parser so that what is asked is
 * what is opened, and asked about where its host is not known.
 */
export async function safeOpenExternal(text: string, { open, confirm }: ExternalParts): Promise<ExternalVerdict> {
  const url = text.length > urlCharsMax ? null : URL.parse(text)
  if (url === null || url.protocol !== 'https:' || url.hostname === '' || url.username !== '' || url.password !== '')
    return 'refused'
  if (!knownHosts.has(url.host) && !(await confirm({ host: url.host, url: url.href }))) return 'declined'
  await open(url.href)
  return 'opened'
}

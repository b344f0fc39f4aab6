import { createSecureContext } from 'node:tls'
import { CodedError } from '../../../shared/coded-error.ts'
import type { HostPort } from '../../config/host-port.ts'
import { parseHostPort } from '../../config/host-port.ts'
import { readNamedFile } from '../../config/read-named-file.ts'

/** Where the node is and how to reach it, as the flags of every remote command say. */
export interface ConnectionFlags {
  readonly grpc: string
  readonly tokenFile?: string
  readonly tls?: boolean
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsServerName?: string
  readonly timeout: string
}

export interface ConnectionOptions {
  readonly address: HostPort
  readonly token: string | undefined
  readonly tls: TlsOptions | undefined
  /** Deadline of a single call; streams are bounded by their progress instead. */
  readonly timeoutMs: number
}

export interface TlsOptions {
  readonly rootCertificates: Buffer | undefined
  readonly certificate: Buffer | undefined
  readonly privateKey: Buffer | undefined
  readonly serverName: string | undefined
}

const timeoutMaxS = 24 * 60 * 60

/** Checks the flags and reads the files that they name. Throws CodedError `invalid-argument`. */
export function connectionOptions(flags: ConnectionFlags): ConnectionOptions {
  const address = parseHostPort(flags.grpc)
  if (address === undefined || address.port === 0) {
    throw new CodedError('invalid-argument', `--grpc "${flags.grpc}" is not HOST:PORT, for example 127.0.0.1:7070`)
  }
  const timeoutS = Number(flags.timeout)
  if (!(timeoutS > 0 && timeoutS <= timeoutMaxS)) {
    throw new CodedError(
      'invalid-argument',
      `--timeout "${flags.timeout}" is not a count of seconds above 0 and up to ${timeoutMaxS}`,
    )
  }
  return { address, token: readToken(flags.tokenFile), tls: tlsOptions(flags), timeoutMs: timeoutS * 1000 }
}

function tlsOptions(flags: ConnectionFlags): TlsOptions | undefined {
  const { tlsCa, tlsCert, tlsKey, tlsServerName } = flags
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new CodedError('invalid-argument', '--tls-cert and --tls-key belong together')
  }
  if (flags.tls !== true && tlsCa === undefined && tlsCert === undefined) return undefined
  const rootCertificates = readGiven('--tls-ca', tlsCa)
  const certificate = readGiven('--tls-cert', tlsCert)
  const privateKey = readGiven('--tls-key', tlsKey)
  assertUsable(`--tls-ca ${tlsCa} holds no usable certificate in PEM`, { ca: rootCertificates })
  assertUsable(`--tls-cert ${tlsCert} holds no usable certificate in PEM`, { cert: certificate })
  assertUsable(`--tls-key ${tlsKey} holds no usable private key in PEM`, { key: privateKey })
  assertUsable(`--tls-cert ${tlsCert} and --tls-key ${tlsKey} do not fit together`, { cert: certificate, key: privateKey })
  return { rootCertificates, certificate, privateKey, serverName: tlsServerName }
}

interface TlsParts {
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
}

/** OpenSSL names neither a file nor a flag. */
function assertUsable(fault: string, parts: TlsParts): void {
  try {
    // A text without any authority is no error to OpenSSL.
    if (parts.ca?.includes('CERTIFICATE-----') === false) throw new Error('none begins there')
    createSecureContext(parts)
  } catch (error) {
    throw new CodedError('invalid-argument', `${fault}: ${(error as Error).message}`, { cause: error })
  }
}

function readToken(path: string | undefined): string | undefined {
  const token = readGiven('--token-file', path)?.toString('utf8').trim()
  if (token === undefined) return undefined
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new CodedError('invalid-argument', `${path} does not hold one token of printable ASCII`)
  return token
}

function readGiven(flag: string, path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined
  try {
    return readNamedFile(path)
  } catch (error) {
    throw new CodedError('invalid-argument', `${flag} ${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
}

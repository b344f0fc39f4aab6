import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import { CodedError } from '../../../shared/coded-error.ts'
import { createFile, readPlainFile, readSecretFile, reasonOf } from './secret-file.ts'

/** Where the certificate and the key of a port are. */
export interface TlsFiles {
  readonly certificatePath: string
  readonly keyPath: string
  /** Makes both files where they are absent: a certificate signed by its own key, for callers that are given its file. */
  readonly selfMade: boolean
}

/** A certificate that vouches for itself. */
export interface SelfMadeCertificate {
  readonly certificatePem: string
  readonly keyPem: string
}

/** Makes a key and a certificate for these DNS names and IP addresses. */
export type CertificateMaker = (names: readonly string[]) => SelfMadeCertificate

const readableByAll = 0o644

/** The certificate and key of the port that `port` names, in PEM. Throws CodedError `key-unavailable` or `config-invalid`. */
export async function loadTlsFiles(
  files: TlsFiles,
  { host, port }: { readonly host: string; readonly port: 'gRPC' | 'HTTP' },
  makeCertificate: CertificateMaker,
): Promise<{ readonly certificate: string; readonly key: string }> {
  if (files.selfMade) await makeFiles(files, host, makeCertificate)
  const certificate = await readPlainFile(files.certificatePath)
  const key = await readSecretFile(files.keyPath)
  assertUsable({ cert: certificate, key }, port)
  return { certificate, key }
}

/** A server would look at them only when it serves, and fail with words of its own. */
export function assertUsable(
  context: { readonly cert: string; readonly key: string; readonly ca?: string },
  port: 'gRPC' | 'HTTP',
): void {
  try {
    createSecureContext(context)
  } catch (error) {
    const message = `the certificates and key of the ${port} port are unusable: ${reasonOf(error)}`
    throw new CodedError('config-invalid', message, { cause: error })
  }
}

/** The key first: a certificate alone would look complete. */
async function makeFiles(files: TlsFiles, host: string, makeCertificate: CertificateMaker): Promise<void> {
  const names = new Set(['localhost', '127.0.0.1', '::1', hostname(), host].filter((name) => name !== '0.0.0.0' && name !== '::'))
  const { certificatePem, keyPem } = makeCertificate([...names])
  if (await createFile(files.keyPath, keyPem)) await createFile(files.certificatePath, certificatePem, readableByAll)
}

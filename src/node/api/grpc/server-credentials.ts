import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import { ServerCredentials } from '@grpc/grpc-js'
import { CodedError } from '../../../shared/coded-error.ts'
import type { CertificateMaker, GrpcServerOptions, GrpcTlsOptions } from './grpc-server-options.ts'
import { createFile, readPlainFile, readSecretFile, reasonOf } from './secret-file.ts'

const readableByAll = 0o644

/** Plaintext, TLS, or TLS that asks the caller for a certificate too. */
export async function serverCredentials(
  { host, tls, auth }: GrpcServerOptions,
  makeCertificate: CertificateMaker,
): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure()
  if (tls.selfMade) await makeFiles(tls, host, makeCertificate)
  const certificate = await readPlainFile(tls.certificatePath)
  const key = await readSecretFile(tls.keyPath)
  const authority = auth.clientCaPath === undefined ? undefined : await readPlainFile(auth.clientCaPath)
  assertUsable(certificate, key, authority)
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }
  return ServerCredentials.createSsl(authority === undefined ? null : Buffer.from(authority), [pair], authority !== undefined)
}

/** The library would look at them only when it serves, and fail with words of its own. */
function assertUsable(cert: string, key: string, authority: string | undefined): void {
  try {
    createSecureContext({ cert, key, ...(authority !== undefined && { ca: authority }) })
  } catch (error) {
    const message = `the certificates and key of the gRPC port are unusable: ${reasonOf(error)}`
    throw new CodedError('config-invalid', message, { cause: error })
  }
}

/** The key first: a certificate alone would look complete. */
async function makeFiles(tls: GrpcTlsOptions, host: string, makeCertificate: CertificateMaker): Promise<void> {
  const names = new Set(['localhost', '127.0.0.1', '::1', hostname(), host].filter((name) => name !== '0.0.0.0' && name !== '::'))
  const { certificatePem, keyPem } = makeCertificate([...names])
  if (await createFile(tls.keyPath, keyPem)) await createFile(tls.certificatePath, certificatePem, readableByAll)
}

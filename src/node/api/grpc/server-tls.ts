import type { TlsOptions } from 'node:tls'
import type { GrpcServerOptions } from './grpc-server-options.ts'
import { readPlainFile } from './secret-file.ts'
import type { CertificateMaker } from './tls-files.ts'
import { assertUsable, loadTlsFiles } from './tls-files.ts'

/** TLS, or TLS that asks the caller for a certificate too; undefined for a plain port. */
export async function serverTls(
  { host, tls, auth }: GrpcServerOptions,
  makeCertificate: CertificateMaker,
): Promise<TlsOptions | undefined> {
  if (tls === undefined) return undefined
  const { certificate: cert, key } = await loadTlsFiles(tls, { host, port: 'gRPC' }, makeCertificate)
  if (auth.clientCaPath === undefined) return { cert, key }
  const ca = await readPlainFile(auth.clientCaPath)
  assertUsable({ cert, key, ca }, 'gRPC')
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true }
}

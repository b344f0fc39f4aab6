import { ServerCredentials } from '@grpc/grpc-js'
import type { GrpcServerOptions } from './grpc-server-options.ts'
import { readPlainFile } from './secret-file.ts'
import type { CertificateMaker } from './tls-files.ts'
import { assertUsable, loadTlsFiles } from './tls-files.ts'

/** Plaintext, TLS, or TLS that asks the caller for a certificate too. */
export async function serverCredentials(
  { host, tls, auth }: GrpcServerOptions,
  makeCertificate: CertificateMaker,
): Promise<ServerCredentials> {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const { certificate, key } = await loadTlsFiles(tls, { host, port: 'gRPC' }, makeCertificate)
  const authority = auth.clientCaPath === undefined ? undefined : await readPlainFile(auth.clientCaPath)
  if (authority !== undefined) assertUsable({ cert: certificate, key, ca: authority }, 'gRPC')
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) }
  return ServerCredentials.createSsl(authority === undefined ? null : Buffer.from(authority), [pair], authority !== undefined)
}

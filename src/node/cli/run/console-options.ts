import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { isLoopback } from '../../api/grpc/bind-safety.ts'
import type { TlsFiles } from '../../api/grpc/tls-files.ts'
import type { NodeConfig } from '../../config/node-config-schema.ts'
import { packageRoot } from '../package-root.ts'

/** Other computers reach the console over TLS only: what travels otherwise, a session among it, is read on the way. */
export function assertSafeConsole({ console: address, consoleTls, insecure }: NodeConfig): void {
  if (insecure || consoleTls || isLoopback(address.host)) return
  throw new CodedError(
    'unsafe-bind',
    `refusing to serve the console at ${address.host}, which other computers may reach, without TLS (--console-tls); --insecure allows it`,
    { details: { host: address.host } },
  )
}

export function consoleTlsFiles({ data, consoleTls, consoleCert, consoleKey }: NodeConfig): TlsFiles | undefined {
  if (!consoleTls) return undefined
  return {
    certificatePath: consoleCert ?? join(data, 'console-cert.pem'),
    keyPath: consoleKey ?? join(data, 'console-key.pem'),
    selfMade: consoleCert === undefined,
  }
}

/** Where the build puts the screens, in a checkout as in a package; there may be none. */
export function rendererFolder(): string {
  return join(packageRoot(), 'out', 'renderer')
}

import { join } from 'node:path'
import { FileVault } from '../../adapters/file-vault/file-vault.ts'
import { NodeCrypto } from '../../adapters/node-crypto/node-crypto.ts'
import { SystemClock } from '../../adapters/system-clock/system-clock.ts'
import { SystemRandom } from '../../adapters/system-random/system-random.ts'
import { ZstdCompressor } from '../../adapters/zstd-compressor/zstd-compressor.ts'
import type { Environment } from '../../config/process-environment.ts'
import { defaultLimits } from '../../core/base/limits.ts'
import type { Logger } from '../../ports/logger.ts'

/** The adapters that need nothing but themselves. */
export function systemAdapters() {
  return {
    clock: new SystemClock(),
    random: new SystemRandom(),
    crypto: new NodeCrypto({ verifyKeysMax: defaultLimits.verifyKeysMax }),
    compressor: new ZstdCompressor(),
  }
}

export interface VaultPlace {
  readonly dataDirectory: string
  readonly keyFile: string | undefined
  readonly environment: Environment
}

export function keyVaultAt(
  { dataDirectory, keyFile, environment }: VaultPlace,
  { crypto, random }: Pick<ReturnType<typeof systemAdapters>, 'crypto' | 'random'>,
  logger: Logger,
): FileVault {
  const credentialsDirectory = environment.CREDENTIALS_DIRECTORY
  return new FileVault(
    {
      directory: join(dataDirectory, 'keys'),
      ...(credentialsDirectory !== undefined && { credentialsDirectory }),
      ...(keyFile !== undefined && { keyFile }),
    },
    { crypto, random, logger },
  )
}

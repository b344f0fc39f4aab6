import { openSync } from 'node:fs'
import { FileVault } from '../../../src/node/adapters/file-vault/file-vault.ts'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { SilentLogger } from './silent-logger.ts'

/** Loads a key when this process may open no more files, and prints what that says. */
const [directory = ''] = process.argv.slice(2)
const parts = { crypto: new NodeCrypto({ verifyKeysMax: 4 }), random: new SystemRandom(), logger: new SilentLogger() }
const vault = new FileVault({ directory }, parts)
process.stdout.write('')
try {
  for (;;) openSync('/dev/null', 'r')
} catch (error) {
  if (!(error instanceof Error && 'code' in error && error.code === 'EMFILE')) throw error
}
await vault.load('node').catch((error: unknown) => void process.stdout.write(String(error)))

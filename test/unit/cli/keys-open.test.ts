import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FileVaultOptions } from '../../../src/node/adapters/file-vault/file-vault.ts'
import { FileVault } from '../../../src/node/adapters/file-vault/file-vault.ts'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { assertKeysOpen } from '../../../src/node/cli/run/keys-open.ts'
import { SilentLogger } from '../adapters/silent-logger.ts'

const parts = { crypto: new NodeCrypto({ verifyKeysMax: 4 }), random: new SystemRandom(), logger: new SilentLogger() }
let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'memo-keys-open-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

function vault(options: Partial<FileVaultOptions> = {}): FileVault {
  return new FileVault({ directory: join(root, 'keys'), ...options }, parts)
}

async function keyFileOf(fill: number): Promise<string> {
  const path = join(root, `key-${fill}`)
  await writeFile(path, new Uint8Array(32).fill(fill), { mode: 0o600 })
  return path
}

const refused = (message: string) => ({
  code: 'config-invalid',
  details: { key: 'keyFile' },
  message: expect.stringContaining(message),
})

test('before there are keys any key file will do that exists', async () => {
  await assertKeysOpen(vault({ keyFile: await keyFileOf(1) }))
  await expect(assertKeysOpen(vault({ keyFile: join(root, 'none') }))).rejects.toMatchObject(refused('does not exist'))
})

test('plain keys open without a key file only', async () => {
  await vault().save('node', new Uint8Array(32).fill(5))
  await assertKeysOpen(vault())
  await expect(assertKeysOpen(vault({ keyFile: await keyFileOf(1) }))).rejects.toMatchObject(refused('protects nothing'))
})

test('wrapped keys open with their key file only', async () => {
  const keyFile = await keyFileOf(1)
  await vault({ keyFile }).save('service-user', new Uint8Array(32).fill(5))
  await assertKeysOpen(vault({ keyFile }))
  await expect(assertKeysOpen(vault({ keyFile: await keyFileOf(2) }))).rejects.toMatchObject(refused('does not open'))
  await expect(assertKeysOpen(vault())).rejects.toMatchObject(refused('give it with --key-file'))
})

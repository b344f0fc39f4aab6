import { spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FileVaultOptions } from '../../../src/node/adapters/file-vault/file-vault.ts'
import { FileVault } from '../../../src/node/adapters/file-vault/file-vault.ts'
import { NodeCrypto } from '../../../src/node/adapters/node-crypto/node-crypto.ts'
import { SystemRandom } from '../../../src/node/adapters/system-random/system-random.ts'
import { isCoded } from '../../../src/shared/coded-error.ts'
import { SilentLogger } from './silent-logger.ts'

const crypto = new NodeCrypto({ verifyKeysMax: 4 })
const random = new SystemRandom()
const secret = new Uint8Array(32).fill(0xa5)

let root = ''
let logger = new SilentLogger()

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'memo-vault-'))
  logger = new SilentLogger()
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

const directory = () => join(root, 'data/keys')
const nodeFile = () => join(directory(), 'node.key')

function vault(options: Partial<FileVaultOptions> = {}): FileVault {
  return new FileVault({ directory: directory(), ...options }, { crypto, random, logger })
}

async function wrappingFile(name: string, fill: number, mode = 0o600): Promise<string> {
  const path = join(root, name)
  await writeFile(path, new Uint8Array(32).fill(fill), { mode })
  return path
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777
}

/** The message of a CodedError `key-unavailable`. */
async function refusal(run: Promise<unknown>): Promise<string> {
  const error = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isCoded(error, 'key-unavailable')) throw new Error(`expected key-unavailable, got ${String(error)}`)
  return error.message
}

describe('a vault without a wrapping key', () => {
  test('keeps what is saved, in files and a directory of the owner alone', async () => {
    await vault().save('node', secret)
    expect(await vault().load('node')).toEqual(secret)
    expect(await modeOf(nodeFile())).toBe(0o600)
    expect(await modeOf(directory())).toBe(0o700)
    expect(await readdir(directory())).toEqual(['node.key'])
  })

  test('says that the keys are plain', async () => {
    await vault().save('service-user', secret)
    expect(await vault().describe()).toEqual([
      { name: 'service-user', path: join(directory(), 'service-user.key'), protection: { kind: 'plain' }, mode: 0o600 },
    ])
  })

  test('knows a key that was never made from one that cannot be read', async () => {
    expect(await vault().load('node')).toBeUndefined()
    expect(await vault().describe()).toEqual([])
    await mkdir(nodeFile(), { recursive: true })
    expect(await refusal(vault().load('node'))).toContain(nodeFile())
  })

  test('never replaces a key', async () => {
    await vault().save('node', secret)
    const message = await refusal(vault().save('node', new Uint8Array(32)))
    expect(message).toContain('never replaced')
    expect(await vault().load('node')).toEqual(secret)
    expect(await readdir(directory())).toEqual(['node.key'])
  })

  test('keeps one of two keys that are saved at once', async () => {
    const secrets = [1, 2].map((fill) => new Uint8Array(32).fill(fill))
    const results = await Promise.allSettled(secrets.map((each) => vault().save('node', each)))
    const kept = results.findIndex((result) => result.status === 'fulfilled')
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    expect(await vault().load('node')).toEqual(secrets[kept])
  })

  test('keeps different keys that are saved at once', async () => {
    const shared = vault()
    await Promise.all([shared.save('node', secret), shared.save('service-user', new Uint8Array(32))])
    expect(await shared.load('node')).toEqual(secret)
    expect(await shared.load('service-user')).toEqual(new Uint8Array(32))
  })

  test('clears away what an interrupted save left', async () => {
    await vault().save('service-user', secret)
    await writeFile(join(directory(), '.node.key.0011.new'), secret)
    await vault().save('node', secret)
    expect(await readdir(directory())).toEqual(['node.key', 'service-user.key'])
  })
})

describe('files and directories that are open to others', () => {
  test('a key is closed, and that is said', async () => {
    await vault().save('node', secret)
    await chmod(nodeFile(), 0o644)
    expect(await vault().load('node')).toEqual(secret)
    expect(await modeOf(nodeFile())).toBe(0o600)
    expect(logger.lines).toEqual([
      { level: 'warn', message: expect.stringContaining('600'), fields: { path: nodeFile(), mode: '644' } },
    ])
  })

  test('the directory is closed', async () => {
    await mkdir(directory(), { recursive: true, mode: 0o755 })
    await vault().save('node', secret)
    expect(await modeOf(directory())).toBe(0o700)
  })

  test('a wrapping key file is spoken of and left as it is', async () => {
    const keyFile = await wrappingFile('wrapping', 1, 0o644)
    await vault({ keyFile }).save('node', secret)
    expect(await modeOf(keyFile)).toBe(0o644)
    expect(logger.lines.map((line) => line.fields.path)).toEqual([keyFile])
  })

  test('a directory that cannot be made is named', async () => {
    await writeFile(join(root, 'data'), 'a file in its place')
    const message = await refusal(vault().save('node', secret))
    expect(message).toContain(nodeFile())
    expect(message).toContain('cannot be written')
  })
})

describe('a wrapped key', () => {
  test('that is a pipe, a folder or too large says so, and nothing waits for it', async () => {
    const pipe = join(root, 'pipe')
    spawnSync('mkfifo', [pipe])
    const large = join(root, 'large')
    await writeFile(large, new Uint8Array(64 * 1024 + 1))
    for (const [keyFile, reason] of [
      [pipe, 'it is a pipe or a device, not a regular file'],
      [root, 'it is a folder, not a regular file'],
      [large, 'it is larger than 65536 bytes'],
    ] as const) {
      expect(await refusal(vault({ keyFile }).save('node', secret))).toBe(`${keyFile} cannot be read: ${reason}`)
    }
  })

  test('opens with the key file that it was made with, and with no other', async () => {
    const keyFile = await wrappingFile('wrapping', 1)
    await vault({ keyFile }).save('node', secret)
    expect(await vault({ keyFile }).load('node')).toEqual(secret)
    expect((await readFile(nodeFile())).includes(Buffer.from(secret.subarray(0, 8)))).toBe(false)
    expect(await vault({ keyFile }).describe()).toMatchObject([{ protection: { kind: 'key-file', path: keyFile } }])

    const wrong = await wrappingFile('wrong', 2)
    const message = await refusal(vault({ keyFile: wrong }).load('node'))
    expect(message).toContain(nodeFile())
    expect(message).toContain(wrong)
    expect(message).toContain('the keys were made with')
  })

  test('says what is missing when its key file is not given, gone or too short', async () => {
    const keyFile = await wrappingFile('wrapping', 1)
    await vault({ keyFile }).save('node', secret)
    expect(await refusal(vault().load('node'))).toContain('--key-file')
    await writeFile(keyFile, 'short')
    expect(await refusal(vault({ keyFile }).load('node'))).toContain('fewer than 16 bytes')
    await rm(keyFile)
    expect(await refusal(vault({ keyFile }).load('node'))).toContain('does not exist')
  })

  test('is never made with a key file that is missing', async () => {
    expect(await refusal(vault({ keyFile: join(root, 'absent') }).save('node', secret))).toContain('does not exist')
    expect(await vault().load('node')).toBeUndefined()
  })

  test('prefers the systemd credential', async () => {
    await wrappingFile('memo-vault-key', 3)
    const keyFile = await wrappingFile('wrapping', 1)
    const options = { keyFile, credentialsDirectory: root }
    await vault(options).save('node', secret)
    expect(await vault({ credentialsDirectory: root }).load('node')).toEqual(secret)
    expect(await vault(options).describe()).toMatchObject([{ protection: { kind: 'systemd-credential' } }])
    expect(await refusal(vault({ keyFile }).load('node'))).toContain('LoadCredential=memo-vault-key')
  })

  test('falls back to the key file where the service has no such credential', async () => {
    const keyFile = await wrappingFile('wrapping', 1)
    await vault({ keyFile, credentialsDirectory: root }).save('node', secret)
    expect(await vault({ keyFile }).load('node')).toEqual(secret)
  })

  test('stays readable next to keys that are kept otherwise', async () => {
    await vault().save('node', secret)
    const keyFile = await wrappingFile('wrapping', 1)
    await vault({ keyFile }).save('service-user', secret)
    const kinds = (await vault({ keyFile }).describe()).map((description) => description.protection.kind)
    expect(kinds).toEqual(['plain', 'key-file'])
    expect(await vault({ keyFile }).load('node')).toEqual(secret)
  })
})

describe('a key file that was asked for', () => {
  test('must be there and hold enough', async () => {
    expect(await refusal(vault({ keyFile: join(root, 'absent') }).assertKeyFileInUse())).toContain('does not exist')
    const keyFile = await wrappingFile('wrapping', 1)
    await vault({ keyFile }).assertKeyFileInUse()
    await writeFile(keyFile, 'short')
    expect(await refusal(vault({ keyFile }).assertKeyFileInUse())).toContain('fewer than 16 bytes')
    await vault().assertKeyFileInUse()
  })

  test('is refused where the keys are kept otherwise', async () => {
    const keyFile = await wrappingFile('wrapping', 1)
    await wrappingFile('memo-vault-key', 3)
    expect(await refusal(vault({ keyFile, credentialsDirectory: root }).assertKeyFileInUse())).toContain('give only one')
    await vault({ keyFile }).save('node', secret)
    await vault({ keyFile, credentialsDirectory: root }).assertKeyFileInUse()
    await vault().save('service-user', secret)
    expect(await refusal(vault({ keyFile }).assertKeyFileInUse())).toMatch(/service-user\.key is not encrypted.*start without it/)
  })
})

describe('a file that was tampered with', () => {
  test('is refused whatever bit is flipped', async () => {
    const keyFile = await wrappingFile('wrapping', 1)
    for (const options of [{}, { keyFile }]) {
      await rm(nodeFile(), { force: true })
      await vault(options).save('node', secret)
      const sound = await readFile(nodeFile())
      for (let index = 0; index < sound.length; index++) {
        const changed = Uint8Array.from(sound)
        changed[index] = (changed[index] ?? 0) ^ (1 << (index % 8))
        await writeFile(nodeFile(), changed)
        expect(await refusal(vault(options).load('node'))).toContain('is damaged')
      }
    }
  })

  test('is refused when it is cut off, too large, or the file of another key', async () => {
    await vault().save('node', secret)
    const sound = await readFile(nodeFile())
    await writeFile(nodeFile(), sound.subarray(0, 20))
    expect(await refusal(vault().load('node'))).toContain('is damaged')
    await writeFile(nodeFile(), new Uint8Array(100_000))
    expect(await refusal(vault().load('node'))).toContain('cannot be read')
    await writeFile(join(directory(), 'service-user.key'), sound)
    expect(await refusal(vault().load('service-user'))).toContain('is damaged')
  })
})

test('a key that cannot be read for want of files says so, and asks for no other rights', async () => {
  await vault().save('node', secret)
  const script = join(import.meta.dirname, 'exhausted-files-process.ts')
  const { stdout, stderr } = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -n 64; exec "$0" "$1" "$2"', process.execPath, script, directory()],
    {
      encoding: 'utf8',
    },
  )
  expect(stdout, stderr).toContain(
    `${nodeFile()} cannot be read: this process may open no more files; see LimitNOFILE and ulimit -n`,
  )
  expect(stdout).not.toContain('own')
})

test('a folder in the place of a key is told as one', async () => {
  await mkdir(nodeFile(), { recursive: true })
  expect(await refusal(vault().load('node'))).toContain('cannot be read: it is a folder')
})

import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import { CodedError } from '../../../shared/coded-error.ts'
import { settingFlag } from '../../../shared/setting-flag.ts'
import { readToken } from '../../api/grpc/bearer-token.ts'
import { readPlainFile, readSecretFile, reasonOf } from '../../api/grpc/secret-file.ts'
import { assertUsable } from '../../api/grpc/tls-files.ts'
import type { NodeConfig, SettingName } from '../../config/node-config-schema.ts'
import { checkDataFolder, checkKeyFilePlace, checkReadyFile, checkTokenPlace } from './made-files.ts'

/**
 * Looks at the files and folders that the configuration names before anything is opened: later on their faults would look like faults of the data
 * directory, and a start would have been counted. Throws CodedError `config-invalid`.
 */
export async function checkNamedFiles(config: NodeConfig): Promise<void> {
  const [first] = await namedFileFaults(config)
  if (first !== undefined) throw first
}

/** What checkNamedFiles throws, for each file; `details.key` is the setting. */
export async function namedFileFaults(config: NodeConfig): Promise<readonly CodedError[]> {
  const faults: CodedError[] = []
  for (const [key, check] of checks) {
    try {
      await check(config)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      faults.push(new CodedError(error.code, error.message, { details: { key, ...error.details }, cause: error.cause }))
    }
  }
  return faults
}

export function namesSameFiles(left: NodeConfig, right: NodeConfig): boolean {
  return checks.every(([name]) => left[name] === right[name])
}

const checks: readonly (readonly [SettingName, (config: NodeConfig) => Promise<void>])[] = [
  ['data', checkDataFolder],
  ['readyFile', checkReadyFile],
  ['grpcCert', (config) => checkPair('gRPC', config, 'grpcCert', 'grpcKey')],
  ['consoleCert', (config) => checkPair('HTTP', config, 'consoleCert', 'consoleKey')],
  ['grpcClientCa', checkAuthority],
  ['grpcTokenFile', checkToken],
  ['keyFile', checkKeyFilePlace],
]

async function checkPair(
  port: 'gRPC' | 'HTTP',
  config: NodeConfig,
  certName: 'grpcCert' | 'consoleCert',
  keyName: 'grpcKey' | 'consoleKey',
): Promise<void> {
  const [certPath, keyPath] = [config[certName], config[keyName]]
  if (certPath === undefined || keyPath === undefined) return
  const cert = await named(certName, readPlainFile(certPath))
  assertUsable({ cert, key: await named(keyName, readSecretFile(keyPath)) }, port)
}

/** A file without a certificate would be taken, and would refuse every caller. */
async function checkAuthority({ grpcClientCa: path }: NodeConfig): Promise<void> {
  if (path === undefined) return
  const text = await named('grpcClientCa', readPlainFile(path))
  try {
    // A text without any is no error to OpenSSL.
    if (!/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(text)) throw new Error('none begins there')
    createSecureContext({ ca: text })
  } catch (error) {
    const message = `${settingFlag('grpcClientCa')}: ${path} holds no certificate in PEM: ${reasonOf(error)}`
    throw new CodedError('config-invalid', message, { cause: error })
  }
}

/** One that is absent is made later on, as the data directory is. */
async function checkToken({ grpcTokenFile: path, data }: NodeConfig): Promise<void> {
  if (path === undefined) return
  await checkTokenPlace(path, data)
  if ((await stat(path).catch(() => undefined)) !== undefined) await named('grpcTokenFile', readToken(path))
  else if (dirname(path) !== data) {
    await access(dirname(path), constants.W_OK).catch((error: unknown) => {
      const message = `${settingFlag('grpcTokenFile')} ${path} cannot be made: ${reasonOf(error)}`
      throw new CodedError('config-invalid', message, { cause: error })
    })
  }
}

async function named(name: SettingName, reading: Promise<string>): Promise<string> {
  try {
    return await reading
  } catch (error) {
    throw new CodedError('config-invalid', `${settingFlag(name)}: ${reasonOf(error)}`, { details: { key: name }, cause: error })
  }
}

import { stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { CodedError } from '../../../shared/coded-error.ts'
import { readToken } from '../../api/grpc/bearer-token.ts'
import { readPlainFile, readSecretFile, reasonOf } from '../../api/grpc/secret-file.ts'
import { assertUsable } from '../../api/grpc/tls-files.ts'
import type { NodeConfig, SettingName } from '../../config/node-config-schema.ts'
import { settingFlag } from '../../config/node-config-schema.ts'
import { checkReadyFolder } from './ready-file.ts'

/**
 * Looks at the files that the configuration names before anything is opened: later on their faults would look like faults of the data
 * directory, and a start would have been counted. Throws CodedError `config-invalid`.
 */
export async function checkNamedFiles(config: NodeConfig): Promise<void> {
  if (config.readyFile !== undefined) await checkReadyFile(config.readyFile)
  await checkPair('gRPC', { name: 'grpcCert', path: config.grpcCert }, { name: 'grpcKey', path: config.grpcKey })
  await checkPair('HTTP', { name: 'consoleCert', path: config.consoleCert }, { name: 'consoleKey', path: config.consoleKey })
  if (config.grpcClientCa !== undefined) await checkAuthority(config.grpcClientCa)
  if (config.grpcTokenFile !== undefined) await checkToken(config.grpcTokenFile)
}

interface NamedFile {
  readonly name: SettingName
  readonly path: string | undefined
}

async function checkPair(port: 'gRPC' | 'HTTP', certificate: NamedFile, key: NamedFile): Promise<void> {
  if (certificate.path === undefined || key.path === undefined) return
  const cert = await named(certificate.name, readPlainFile(certificate.path))
  assertUsable({ cert, key: await named(key.name, readSecretFile(key.path)) }, port)
}

/** A file without a certificate would be taken, and would refuse every caller. */
async function checkAuthority(path: string): Promise<void> {
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

/** One that is absent is made later on. */
async function checkToken(path: string): Promise<void> {
  if ((await stat(path).catch(() => undefined)) !== undefined) await named('grpcTokenFile', readToken(path))
}

async function checkReadyFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) throw new CodedError('config-invalid', `${settingFlag('readyFile')} ${path} is a directory`)
  await checkReadyFolder(path)
}

async function named(name: SettingName, reading: Promise<string>): Promise<string> {
  try {
    return await reading
  } catch (error) {
    throw new CodedError('config-invalid', `${settingFlag(name)}: ${reasonOf(error)}`, { cause: error })
  }
}

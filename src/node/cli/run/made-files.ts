/**
 * Looks at what a start makes, replaces or removes on the disk: the data directory, the ready file and the token. None of them may be
 * in the way of a person's file, or of the store of this node or another one. Throws CodedError `config-invalid`.
 */

import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { settingFlag } from '../../../shared/setting-flag.ts'
import { reasonOf } from '../../api/grpc/secret-file.ts'
import type { NodeConfig, SettingName } from '../../config/node-config-schema.ts'
import { dataDirectoryAround, entryPlaceOf, exists, firstStartNames, isOwnName, placeOf, within } from './file-place.ts'
import { readyFileFault } from './ready-file.ts'

const tokenName = 'grpc-token'
const otherFiles = ['grpcTokenFile', 'grpcCert', 'grpcKey', 'grpcClientCa', 'consoleCert', 'consoleKey', 'keyFile'] as const

/** A first start takes a folder for its own: what lies there under its names would be overwritten. */
export async function checkDataFolder({ data }: NodeConfig): Promise<void> {
  if ((await exists(join(data, 'FORMAT'))) || (await exists(join(data, 'store')))) return
  for (const name of firstStartNames) {
    if (await exists(join(data, name)))
      throw fault('data', data, `holds "${name}", which no memo node made: give an empty folder`)
  }
  const place = await placeOf(data)
  const around = await dataDirectoryAround(place)
  if (around === undefined || !isOwnName(within(around, place) ?? '')) return
  throw fault('data', data, `is a part of the data directory ${around} of another node`)
}

/** It is replaced at each start and removed at each stop. */
export async function checkReadyFile(config: NodeConfig): Promise<void> {
  const { readyFile: path, data } = config
  if (path === undefined) return
  const refuse = (reason: string) => fault('readyFile', path, reason)
  const what = readyFileFault(path)
  if (what !== undefined) throw refuse(what)
  const place = await entryPlaceOf(path)
  const home = await placeOf(data)
  if (within(place, home) !== undefined) throw refuse('is the data directory, or a folder above it')
  const around = await storeAround(place, home)
  if (around !== undefined)
    throw refuse(`is a place that a node may use in the data directory ${around}: choose another name there, or a folder outside`)
  for (const name of otherFiles) {
    if (config[name] !== undefined && (await placeOf(config[name])) === place)
      throw refuse(`is also ${settingFlag(name)}: a ready file is replaced and removed`)
  }
  // The start makes its own folder.
  if (dirname(place) === home && !(await exists(home))) return
  await access(dirname(path), constants.W_OK).catch((error: unknown) => {
    throw refuse(`cannot be written: ${reasonOf(error)}`)
  })
}

/** Beside the files of its own store a node may put the ready file: on many machines it has no other folder. */
async function storeAround(place: string, home: string): Promise<string | undefined> {
  const way = within(home, place)
  if (way === undefined) return await dataDirectoryAround(place)
  return isOwnName(way) || way !== basename(way) ? home : undefined
}

/** Where a token may be read from, or made. */
export async function checkTokenPlace(path: string, data: string): Promise<void> {
  const refuse = (reason: string) => fault('grpcTokenFile', path, reason)
  const place = await placeOf(path)
  const home = await placeOf(data)
  if (within(place, home) !== undefined) throw refuse('is the data directory, or a folder above it')
  const around = within(home, place) === undefined ? await dataDirectoryAround(place) : home
  if (around === undefined) return
  const way = within(around, place) ?? ''
  if (way !== tokenName && isOwnName(way)) throw refuse(`is a place of the store in ${around}, and no token`)
  if (around !== home && !(await exists(path))) throw refuse(`would be made in the data directory ${around} of another node`)
}

/** What a node writes anew would not open tomorrow the keys that it wraps today. */
export async function checkKeyFilePlace({ keyFile: path, data }: NodeConfig): Promise<void> {
  if (path === undefined) return
  const place = await placeOf(path)
  const home = await placeOf(data)
  const around = within(home, place) === undefined ? await dataDirectoryAround(place) : home
  if (around !== undefined && isOwnName(within(around, place) ?? ''))
    throw fault('keyFile', path, `is a file that the node in ${around} writes itself: choose one that stays as it is`)
}

function fault(name: SettingName, path: string, reason: string): CodedError {
  return new CodedError('config-invalid', `${settingFlag(name)} ${path} ${reason}`, { details: { key: name } })
}

import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { CodedError } from '../../../shared/coded-error.ts'
import { settingFlag } from '../../../shared/setting-flag.ts'
import { findPortHolder } from '../../api/grpc/port-holder.ts'
import { codeOf, reasonOf } from '../../api/grpc/secret-file.ts'
import type { HostPort } from '../../config/host-port.ts'
import { hostPortText, meetingText, meets } from '../../config/host-port.ts'
import { portPairs } from '../../config/load-node-config.ts'
import type { SettingName } from '../../config/node-config-schema.ts'
import { exists } from './file-place.ts'

export type PortHolder = Awaited<ReturnType<typeof findPortHolder>>

export type PortTrial =
  | { readonly kind: 'free' }
  | { readonly kind: 'taken'; readonly holder: PortHolder }
  | { readonly kind: 'impossible'; readonly error: CodedError }

/** Whether a node could listen there: it is tried, with a listener that is closed at once. Port 0 stands for any free one. */
export async function tryPort(address: HostPort): Promise<PortTrial> {
  const server = createServer((socket) => socket.destroy())
  try {
    server.listen({ host: address.host, port: address.port })
    await once(server, 'listening')
    return { kind: 'free' }
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return { kind: 'taken', holder: await findPortHolder(address.port) }
    const message = `cannot listen at ${hostPortText(address)}: ${reasons.get(codeOf(error)) ?? reasonOf(error)}`
    const { host, port } = address
    return { kind: 'impossible', error: new CodedError('config-invalid', message, { cause: error, details: { host, port } }) }
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

const reasons: ReadonlyMap<string | undefined, string> = new Map([
  ['EADDRNOTAVAIL', 'this computer does not have that address'],
  ['EACCES', 'this user may not listen at that port'],
  ['ENOTFOUND', 'no address is known by that name'],
  ['EAI_AGAIN', 'nobody says which address has that name'],
])

export function holderText(holder: PortHolder): string {
  return holder === undefined ? 'another program' : `${holder.command} (process ${holder.pid})`
}

export interface FirstStart {
  readonly data: string
  readonly grpc: HostPort
  /** Undefined where nothing is served by HTTP. */
  readonly http: HostPort | undefined
  /** Undefined where the node listens for no others. */
  readonly listen: HostPort | undefined
}

/** The addresses at which a process serves, by their settings. */
type ServedAddresses = { readonly [Name in PortName]?: HostPort | undefined }
type PortName = 'grpc' | 'console' | 'listen'

const portNames = ['grpc', 'console', 'listen'] as const satisfies readonly PortName[]

/**
 * Before a first start founds anything: a port that is taken would leave a new network behind that nobody wanted. A store that is
 * there is opened first, because that another node has it locked says more than that its ports are taken.
 */
export async function assertPortsFreeForFirstStart({ data, grpc, http, listen }: FirstStart): Promise<void> {
  if (await exists(join(data, 'FORMAT'))) return
  const addresses = { grpc, console: http, listen }
  const meeting = await meetingOf(addresses)
  if (meeting !== undefined) throw meeting
  for (const name of portNames) {
    const address = addresses[name]
    if (address === undefined) continue
    const fault = faultOf(await tryPort(address), name, address)
    if (fault !== undefined) throw fault
  }
}

/**
 * Which of the addresses that a change brings could not be served at by the next start; `details.key` is the setting. `before` and
 * `own` have the addresses that stay, and those where this process listens: they are its own to keep.
 */
export async function changedPortFaults(
  next: ServedAddresses,
  before: readonly ServedAddresses[],
  own: readonly HostPort[],
): Promise<readonly CodedError[]> {
  const faults: CodedError[] = []
  const meeting = await meetingOf(next)
  if (meeting !== undefined) return [meeting]
  for (const name of portNames) {
    const address = next[name]
    if (address === undefined || before.some((config) => isSameAddress(config[name], address))) continue
    const trial = await tryPort(address)
    if (trial.kind === 'taken' && (await isOwn(address, own))) continue
    const fault = faultOf(trial, name, address)
    if (fault !== undefined) faults.push(fault)
  }
  return faults
}

function faultOf(trial: PortTrial, name: SettingName, { host, port }: HostPort): CodedError | undefined {
  if (trial.kind === 'free') return undefined
  if (trial.kind === 'impossible') {
    const { code, message, details, cause } = trial.error
    return new CodedError(code, `${settingFlag(name)}: ${message}`, { cause, details: { ...details, key: name } })
  }
  const text = `port ${port} of ${host} is taken by ${holderText(trial.holder)}; choose another with ${settingFlag(name)}, port 0 picks a free one`
  return new CodedError('port-in-use', text, { details: { host, port, ...trial.holder, key: name } })
}

function isSameAddress(one: HostPort | undefined, other: HostPort): boolean {
  return one !== undefined && hostPortText(one) === hostPortText(other)
}

/** Taken by this process itself, whose listeners are gone by the next start. */
async function isOwn(asked: HostPort, own: readonly HostPort[]): Promise<boolean> {
  const { host: address, port } = await resolved(asked)
  const everywhere = ['0.0.0.0', '::']
  return own.some(
    (each) => each.port === port && (each.host === address || everywhere.includes(each.host) || everywhere.includes(address)),
  )
}

/** With the address that a name stands for; as it is where nobody knows one. */
async function resolved({ host, port }: HostPort): Promise<HostPort> {
  const address = await lookup(host).then(
    (found) => found.address,
    () => host,
  )
  return { host: address, port }
}

/** Two addresses that are one, whatever names they have. */
async function meetingOf(addresses: ServedAddresses): Promise<CodedError | undefined> {
  for (const [one, other] of portPairs) {
    const [left, right] = [addresses[one], addresses[other]]
    if (left === undefined || right === undefined) continue
    if (!meets(left, right) && !meets(await resolved(left), await resolved(right))) continue
    return new CodedError('config-invalid', meetingText(settingFlag(one), settingFlag(other)), { details: { key: other } })
  }
  return undefined
}

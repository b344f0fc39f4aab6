import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { CodedError } from '../../../shared/coded-error.ts'
import type { ConsolePlace } from '../client/console-client.ts'
import { askConsole } from '../client/console-client.ts'
import { readConsoleAccess } from '../run/console-access.ts'
import { runningFilePath } from '../run/ready-file.ts'
import { byteText } from '../transfer/transfer-report.ts'
import type { Check } from './doctor-report.ts'
import { amber, green, red } from './doctor-report.ts'

const runningSchema = z.object({ pid: z.number(), grpc: z.string(), consoleUrl: z.url(), listen: z.string().nullable() })
const healthSchema = z.object({
  status: z.string(),
  problems: z.array(z.string()),
  pid: z.number(),
  state: z.string(),
  keys: z.number(),
  version: z.string(),
  store: z.object({
    id: z.string(),
    bootCount: z.number(),
    condition: z.enum(['sound', 'suspect']),
    findings: z.array(z.string()),
    liveBytes: z.number(),
    diskBytes: z.number(),
    damage: z.array(z.string()).default([]),
    refusal: z.string().nullish(),
    scrub: z.object({ lastRoundAt: z.string().nullable(), bytes: z.number(), findings: z.array(z.string()) }).nullish(),
  }),
  disk: z.object({ freeBytes: z.number(), full: z.boolean() }),
  keysKept: z.array(z.object({ name: z.string(), protection: z.string(), mode: z.string() })),
})

type Health = z.output<typeof healthSchema>
export type Running = z.output<typeof runningSchema> & { readonly health: Health | undefined }

/** The node that runs on this data directory, as far as its own words tell; undefined when none left a file there. */
export async function findRunning(dataDirectory: string): Promise<Running | undefined> {
  let facts: z.output<typeof runningSchema>
  try {
    facts = runningSchema.parse(JSON.parse(await readFile(runningFilePath(dataDirectory), 'utf8')))
  } catch {
    return undefined
  }
  const access = await readConsoleAccess(dataDirectory).catch(() => undefined) // another user's: its certificate is not known
  return { ...facts, health: await askHealth({ url: facts.consoleUrl, certificate: access?.certificate }) }
}

export async function askHealth(place: ConsolePlace): Promise<Running['health']> {
  try {
    return healthSchema.parse((await askConsole(place, '/health')).value)
  } catch {
    return undefined
  }
}

/** What a running node says of itself. */
export function runningChecks(running: Running, health: NonNullable<Running['health']>): Check[] {
  const { store, disk } = health
  const kept = health.keysKept.map(({ name, protection, mode }) => `${name}: ${protection} (mode ${mode})`).join('; ')
  const plain = health.keysKept.some(({ protection }) => protection === 'plain')
  return [
    health.state === 'running'
      ? green('running', `process ${running.pid}, memo ${health.version}, gRPC at ${running.grpc}`)
      : amber('running', `process ${running.pid} is ${health.state}`),
    green(
      'store',
      `${store.id}, start ${store.bootCount}, ${health.keys} keys, ${byteText(store.liveBytes)} live in ${byteText(store.diskBytes)}`,
    ),
    conditionCheck(store),
    disk.full
      ? red('disk-space', new CodedError('storage-full', 'the store is full: changes are refused'))
      : green('disk-space', `${byteText(disk.freeBytes)} free`),
    plain ? amber('keys', plainKeysText(kept)) : green('keys', kept),
    damageCheck(store.damage),
    scrubCheck(store.scrub ?? undefined),
    amber('records', 'not checked: reading and verifying every record needs the node to be stopped'),
  ]
}

function conditionCheck({ condition, findings, refusal }: Health['store']): Check {
  if (condition !== 'sound') {
    const text = `durable records are missing, the store is read-only: ${findings.join('; ')}`
    return red('condition', new CodedError('store-damaged', text))
  }
  return typeof refusal === 'string' ? red('condition', new CodedError('data-corrupt', refusal)) : green('condition', 'sound')
}

function damageCheck(damage: readonly string[]): Check {
  if (damage.length === 0) return green('damage', 'none was met since the start')
  return amber(
    'damage',
    `met since the start, and healed where it could be: ${damage.join('; ')}. Stop the node and run doctor to know what is left of it`,
  )
}

function scrubCheck(scrub: (Health['store']['scrub'] & {}) | undefined): Check {
  if (scrub === undefined) return amber('scrub', 'this node does not read its store again in the background')
  const { lastRoundAt, bytes, findings } = scrub
  const round = lastRoundAt === null ? 'no full round yet' : `last full round ended ${lastRoundAt}, ${byteText(bytes)} read`
  if (findings.length > 0) return red('scrub', new CodedError('data-corrupt', `${round}; found: ${findings.join('; ')}`))
  return lastRoundAt === null ? amber('scrub', `${round}, nothing found so far`) : green('scrub', `${round}, nothing found`)
}

export function plainKeysText(kept: string): string {
  return `${kept}; whoever reads the files can act as this node. Keys that exist stay as they are: --key-file is for the first start of a new node, which an export of this one can be imported into`
}

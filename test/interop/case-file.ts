import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** cases/README.md says what the fields mean. */
export interface Step {
  readonly service?: string
  readonly call: string
  readonly request?: Json
  readonly requests?: readonly Json[]
  readonly raw?: string
  readonly status?: string
  readonly message?: Json
  readonly messageHas?: Json
  readonly code?: string
  readonly conflict?: Json
  readonly response?: Json
  readonly responses?: readonly Json[]
  readonly save?: string
}

export interface CaseFile {
  readonly service: string
  readonly cases: readonly { readonly name: string; readonly steps: readonly Step[] }[]
}

const folder = join(import.meta.dirname, 'cases')

export const caseFiles: readonly CaseFile[] = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as CaseFile)

/** What a case kept, and when it began. */
export interface CaseState {
  readonly saved: Map<string, Json>
  readonly startedMs: number
}

function isObject(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Replaces everything with a $ by what it stands for; expectations with a $ stay. */
export function resolve(value: Json, state: CaseState): Json {
  if (Array.isArray(value)) return value.map((each: Json) => resolve(each, state))
  if (!isObject(value)) return value
  const { $saved, $utf8, $repeat, $zeros, $with, $ms } = value
  if (typeof $saved === 'string') return savedPart($saved, state)
  if (typeof $utf8 === 'string') return Buffer.from($utf8).toString('base64')
  if (Array.isArray($repeat)) return String($repeat[0]).repeat(Number($repeat[1]))
  if ($zeros !== undefined) return Buffer.alloc(Number($zeros)).toString('base64')
  if ($ms !== undefined) return String(state.startedMs + Number($ms))
  if (Array.isArray($with)) return changed(resolve($with[0] ?? null, state), resolve($with[1] ?? null, state))
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolve(part, state)]))
}

function savedPart(path: string, state: CaseState): Json {
  const [name = '', ...fields] = path.split('.')
  let part = state.saved.get(name)
  for (const field of fields) part = part !== undefined && isObject(part) ? part[field] : undefined
  if (part === undefined) throw new Error(`nothing was saved as ${path}`)
  return part
}

/** A set field of the oneof replaces the one that was set. */
function changed(message: Json, changes: Json): Json {
  if (!isObject(message) || !isObject(changes)) throw new Error('$with takes messages')
  const rest = 'data_plain' in changes ? { ...message, data: null } : message
  return Object.fromEntries(Object.entries({ ...rest, ...changes }).filter(([, value]) => value !== null))
}

/** Why a message is not as expected; undefined when it is. */
export function mismatch(actual: Json | undefined, expected: Json, path: string): string | undefined {
  if (expected === null) return actual === undefined || actual === null ? undefined : `${path} is set to ${shown(actual)}`
  if (Array.isArray(expected)) return listMismatch(actual, expected, path)
  if (!isObject(expected)) return actual === expected ? undefined : `${path} is ${shown(actual)}, not ${shown(expected)}`
  const { $length, $not, $bit } = expected
  const bytes = Buffer.from(typeof actual === 'string' ? actual : '', 'base64')
  if ($length !== undefined) return bytes.length === $length ? undefined : `${path} has ${bytes.length} bytes, not ${$length}`
  if ($bit !== undefined) return ((bytes.at(-1) ?? 0) & 1) === $bit ? undefined : `${path} has the wrong lowest bit`
  if ($not !== undefined) return mismatch(actual, $not, path) === undefined ? `${path} is ${shown(actual)}` : undefined
  if (actual === undefined || !isObject(actual)) return `${path} is ${shown(actual)}, not a message`
  for (const [name, part] of Object.entries(expected)) {
    const found = mismatch(actual[name], part, `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

function listMismatch(actual: Json | undefined, expected: readonly Json[], path: string): string | undefined {
  const list: readonly Json[] = Array.isArray(actual) ? actual : []
  if (list.length !== expected.length) return `${path} has ${list.length} entries, not ${expected.length}: ${shown(actual)}`
  for (const [index, each] of expected.entries()) {
    const found = mismatch(list[index], each, `${path}[${index}]`)
    if (found !== undefined) return found
  }
  return undefined
}

function shown(value: Json | undefined): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}

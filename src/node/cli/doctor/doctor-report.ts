import type { ErrorCode } from '../../../shared/coded-error.ts'
import { CodedError } from '../../../shared/coded-error.ts'
import { exitCodeOf, exitCodes } from '../exit-codes.ts'

/** green: as it should be. amber: works, but a person should know. red: something is broken or about to. */
export type CheckState = 'green' | 'amber' | 'red'

export type CheckName =
  | 'node-version'
  | 'configuration'
  | 'data-directory'
  | 'running'
  | 'store'
  | 'condition'
  | 'records'
  | 'journal'
  | 'rules'
  | 'scrub'
  | 'damage'
  | 'disk-space'
  | 'clock'
  | 'keys'
  | 'listen-port'
  | 'grpc-port'
  | 'console-port'

export interface Check {
  readonly name: CheckName
  readonly state: CheckState
  readonly text: string
  /** Of a red check: decides the exit code. */
  readonly code?: ErrorCode
}

export function green(name: CheckName, text: string): Check {
  return { name, state: 'green', text }
}

export function amber(name: CheckName, text: string): Check {
  return { name, state: 'amber', text }
}

export function red(name: CheckName, error: unknown): Check {
  const code = error instanceof CodedError ? error.code : 'internal'
  return { name, state: 'red', code, text: error instanceof Error ? error.message : String(error) }
}

export function worstState(checks: readonly Check[]): CheckState {
  if (checks.some(({ state }) => state === 'red')) return 'red'
  return checks.some(({ state }) => state === 'amber') ? 'amber' : 'green'
}

/** The exit code of the first red check; 0 when none is. */
export function doctorExitCode(checks: readonly Check[]): number {
  const first = checks.find(({ state }) => state === 'red')
  return first?.code === undefined ? exitCodes.ok : exitCodeOf(new CodedError(first.code, first.text))
}

const colours: Readonly<Record<CheckState, string>> = { green: '\u001b[32m', amber: '\u001b[33m', red: '\u001b[31m' }

/** One line a check; colours only where they are asked for. */
export function doctorText(checks: readonly Check[], coloured: boolean): string {
  const lines = checks.map(({ name, state, text }) => {
    const word = state.padEnd(5)
    return `${coloured ? `${colours[state]}${word}\u001b[0m` : word}  ${name.padEnd(14)}  ${text}`
  })
  return [...lines, '', `In all: ${worstState(checks)}`].join('\n')
}

import type { HealthReport } from '../../../src/node/api/http/health-report.ts'
import type { MemoProcess } from '../../support/memo-process.ts'
import { runMemo } from '../../support/memo-process.ts'

export async function healthOf(memo: MemoProcess): Promise<{ readonly status: number; readonly body: HealthReport }> {
  const answer = await fetch(new URL('/health', memo.ready.consoleUrl))
  return { status: answer.status, body: (await answer.json()) as HealthReport }
}

export interface DoctorAnswer {
  readonly code: number | null
  readonly state: 'green' | 'amber' | 'red'
  /** What is red, in words. */
  readonly red: readonly string[]
  readonly amber: readonly string[]
}

/** What `memo doctor` says of a data directory. */
export async function doctorOf(data: string): Promise<DoctorAnswer> {
  const { code, stdout, stderr } = await runMemo([
    'doctor',
    '--data',
    data,
    '--grpc',
    '127.0.0.1:0',
    '--console',
    '127.0.0.1:0',
    '--json',
  ])
  if (stdout.length === 0) throw new Error(`memo doctor ended with ${code}: ${stderr}`)
  const report = JSON.parse(stdout.toString()) as {
    readonly state: DoctorAnswer['state']
    readonly checks: readonly { readonly name: string; readonly state: string; readonly text: string }[]
  }
  const inState = (wanted: string) =>
    report.checks.filter(({ state }) => state === wanted).map(({ name, text }) => `${name}: ${text}`)
  return { code, state: report.state, red: inState('red'), amber: inState('amber') }
}

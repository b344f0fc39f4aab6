import { createInterface } from 'node:readline/promises'
import { CodedError } from '../../shared/coded-error.ts'
import type { CliIo } from './cli-io.ts'

/** Goes on only when a person types "yes". `warning`: why that is needed, where nobody can be asked. */
export async function confirm(
  io: CliIo,
  { warning, question }: { readonly warning: string; readonly question: string },
): Promise<void> {
  if (io.stdin.isTTY !== true) {
    throw new CodedError('invalid-argument', `${warning}: give --yes where nobody can be asked`)
  }
  const lines = createInterface({ input: io.stdin, output: io.stderr })
  try {
    const answer = await lines.question(`${question} Type "yes" to go on: `, { signal: io.signal })
    if (answer.trim() !== 'yes') throw new CodedError('cancelled', 'nothing was changed')
  } finally {
    lines.close()
  }
}

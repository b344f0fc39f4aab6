import { CommanderError } from 'commander'
import { CodedError } from '../../shared/coded-error.ts'
import { processEnvironment } from '../config/process-environment.ts'
import { errorText } from './cli-output.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { packageVersion } from './package-version.ts'
import { buildProgram } from './program.ts'

const interruptedExitCode = 130

await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<void> {
  const interruption = new AbortController()
  const isNode = words[0] === 'run'
  if (!isNode) endOnSignals(interruption)
  // A log or a remark that cannot be written is no reason to stop.
  process.stderr.on('error', () => {})
  process.stdin.on('error', () => {}) // told to whoever reads it
  // The standard error of a node is its log, which is JSON lines unless a person reads it on a terminal.
  const json = words.includes('--json') || (isNode && !process.stderr.isTTY)
  endOnUnwritable(process.stdout, json)
  const io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: processEnvironment(),
    version: packageVersion(),
    signal: interruption.signal,
    setExitCode: (code: number) => {
      process.exitCode = code
    },
  }
  try {
    assertUnicode(words)
    await buildProgram(io, json).parseAsync(words, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    else {
      process.stderr.write(errorText(error, json))
      process.exitCode = interruption.signal.aborted ? interruptedExitCode : exitCodeOf(error)
    }
  } finally {
    process.stdin.destroy() // an unread end of it would keep the process
  }
}

/** Node puts U+FFFD in the place of bytes that are not UTF-8: two keys could become one, and a value another one. */
function assertUnicode(words: readonly string[]): void {
  const at = words.findIndex((word) => word.includes('\u{fffd}'))
  if (at < 0) return
  const text = `argument ${at + 1} is not UTF-8, or has the character U+FFFD, which stands for that: other values come by --file FILE or -`
  throw new CodedError('invalid-argument', text)
}

/** The first signal ends calls in order, a second one the process. */
function endOnSignals(interruption: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(interruptedExitCode)
      const reason = new CodedError('cancelled', 'interrupted')
      interruption.abort(reason)
      process.stdin.destroy(reason) // a command may be waiting for a person to type
    })
  }
}

/** `memo kv ls | head` has nobody to speak to after a while, which is no failure. A full disk is one. */
function endOnUnwritable(stream: NodeJS.WriteStream, json: boolean): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok)
    process.stderr.write(errorText(new CodedError('internal', `standard output cannot be written: ${error.message}`), json))
    process.exit(exitCodes.failure)
  })
}

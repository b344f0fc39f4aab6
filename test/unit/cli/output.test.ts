import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { createOutput, errorText, visible } from '../../../src/node/cli/cli-output.ts'
import { connectionOptions } from '../../../src/node/cli/client/connection-options.ts'
import { completionScript } from '../../../src/node/cli/completion-script.ts'
import { amber, doctorExitCode, doctorText, green, red, worstState } from '../../../src/node/cli/doctor/doctor-report.ts'
import { exitCodeOf } from '../../../src/node/cli/exit-codes.ts'
import { readValueInput } from '../../../src/node/cli/value-input.ts'
import { CodedError, errorCodes } from '../../../src/shared/coded-error.ts'

function streams(isTTY: boolean) {
  const stdout = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY })
  return { stdout, stderr, said: () => [String(stdout.read() ?? ''), String(stderr.read() ?? '')] }
}

describe('output', () => {
  test('text for people, one line of JSON for programs, bytes untouched', async () => {
    const plain = streams(false)
    await createOutput(plain, false).result('a\u001b[31m', { a: 1 })
    expect(plain.said()).toEqual(['a\u001b[31m\n', ''])
    const terminal = streams(true)
    const output = createOutput(terminal, false)
    await output.result('a\u001b[31m', { a: 1 })
    output.remark('note\u0007')
    expect(terminal.said()).toEqual(['a\\u001b[31m\n', 'note\\u0007\n'])
    const json = streams(true)
    await createOutput(json, true).result('text', { key: '\u001b', gone: undefined })
    createOutput(json, true).remark('silent')
    expect(json.said()).toEqual(['{"key":"\\u001b"}\n', ''])
  })

  test('what may steer a terminal is made visible', () => {
    expect(visible('a\u0000b\u009bc\u202ed\tn\n')).toBe('a\\u0000b\\u009bc\\u202ed\tn\n')
    expect(visible('grüße 日本語 ✓')).toBe('grüße 日本語 ✓')
  })

  test('errors carry their code', () => {
    const error = new CodedError('version-conflict', 'too late', { details: { currentVersion: 3n } })
    expect(errorText(error, false)).toBe('memo: too late [version-conflict]\n')
    expect(JSON.parse(errorText(error, true))).toEqual({
      error: { code: 'version-conflict', message: 'too late', details: { currentVersion: '3' } },
    })
    expect(errorText(new Error('bug'), false)).toBe('memo: bug [internal]\n')
  })

  test('every code has an exit code of a failure', () => {
    for (const code of errorCodes) {
      const exitCode = exitCodeOf(new CodedError(code, ''))
      expect(exitCode).toBeGreaterThan(0)
      expect(exitCode).toBeLessThanOrEqual(12)
    }
    expect(exitCodeOf(new Error('bug'))).toBe(1)
  })
})

test.each([
  [{ grpc: '7070', timeout: '30' }, '--grpc "7070"'],
  [{ grpc: '127.0.0.1:0', timeout: '30' }, '--grpc "127.0.0.1:0"'],
  [{ grpc: '127.0.0.1:1', timeout: 'soon' }, '--timeout "soon"'],
  [{ grpc: '127.0.0.1:1', timeout: '0' }, '--timeout "0"'],
  [{ grpc: '127.0.0.1:1', timeout: '1', tlsCert: 'a' }, 'belong together'],
  [{ grpc: '127.0.0.1:1', timeout: '1', tokenFile: '/nonexistent/token' }, '--token-file /nonexistent/token cannot be read'],
])('connection flags %j are refused', (flags, expected) => {
  expect(() => connectionOptions(flags)).toThrow(expected)
})

describe('a value', () => {
  const { signal } = new AbortController()
  const stdin = (text: string) => ({ stdin: PassThrough.from([Buffer.from(text)]), signal })
  test('comes from the command line, standard input or a file, one of them', async () => {
    expect(await readValueInput('text', undefined, stdin(''))).toEqual({ kind: 'whole', bytes: Buffer.from('text') })
    expect(await readValueInput('-', undefined, stdin('input'))).toEqual({ kind: 'whole', bytes: Buffer.from('input') })
    expect(await readValueInput(undefined, '-', stdin('input'))).toEqual({ kind: 'whole', bytes: Buffer.from('input') })
    await expect(readValueInput('a', 'b', stdin(''))).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(readValueInput(undefined, undefined, stdin(''))).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(readValueInput(undefined, '/', stdin(''))).rejects.toThrow('memo import')
    await expect(readValueInput(undefined, '/nonexistent/f', stdin(''))).rejects.toThrow('cannot read')
  })

  test('above a mebibyte it is a stream of the same bytes', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024, 'abc')
    const pieces = [large.subarray(0, 700_000), large.subarray(700_000, 2_000_000), large.subarray(2_000_000)]
    const input = await readValueInput('-', undefined, { stdin: PassThrough.from(pieces), signal })
    if (input.kind !== 'stream') throw new Error('it was taken whole')
    const parts: Uint8Array[] = []
    for await (const piece of input.pieces) parts.push(piece)
    expect(Buffer.concat(parts).equals(large)).toBe(true)
  })
})

test('the report of doctor is as bad as its worst check', () => {
  const checks = [green('clock', 'fine'), amber('keys', 'plain'), red('grpc-port', new CodedError('port-in-use', 'taken'))]
  expect(worstState(checks)).toBe('red')
  expect(doctorExitCode(checks)).toBe(11)
  expect([doctorExitCode(checks.slice(0, 2)), worstState(checks.slice(0, 2)), worstState([])]).toEqual([0, 'amber', 'green'])
  expect(doctorText(checks, false)).toContain('red    grpc-port       taken')
  expect(doctorText(checks, true)).toContain('\u001b[31mred')
})

test('completion quotes what help texts contain', () => {
  const program = new Command('memo').addCommand(new Command('run').option('--a <X>', `it's "quoted" $HOME \`x\` [y]: z`))
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const script = completionScript(shell, program)
    expect(script).not.toContain(`it's`)
    expect(script).not.toContain('$HOME')
    expect(script).toContain('run')
  }
})

test('fish offers commands without the files of the folder beside them', () => {
  const kv = new Command('kv').addCommand(new Command('get').description('read'))
  const lines = completionScript('fish', new Command('memo').addCommand(kv)).split('\n')
  const offers = lines.filter((line) => line.includes(" -a '"))
  expect(offers).toHaveLength(2)
  for (const line of offers) expect(line).toContain(" -f -a '")
})

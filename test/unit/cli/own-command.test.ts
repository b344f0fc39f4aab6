import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { consoleCommandText, ownCommand } from '../../../src/node/cli/run/own-command.ts'
import { runBanner } from '../../../src/node/cli/run/run-banner.ts'

const folder = mkdtempSync(join(tmpdir(), 'memo-own-command-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function packageIn(name: string, mode = 0o755): { readonly root: string; readonly file: string } {
  const root = join(folder, name)
  const file = join(root, 'bin', 'memo.js')
  mkdirSync(join(root, 'bin'), { recursive: true })
  writeFileSync(file, '#!/usr/bin/env node\nprocess.stdout.write(process.argv.slice(2).join("|"))\n')
  chmodSync(file, mode)
  return { root, file }
}

function link(file: string, ...path: string[]): string {
  const place = join(folder, ...path)
  mkdirSync(place, { recursive: true })
  symlinkSync(file, join(place, 'memo'))
  return place
}

/** What the command prints when it is pasted into a shell that stands somewhere else. */
const run = (line: string) => execFileSync('bash', ['-c', line], { encoding: 'utf8', cwd: tmpdir() })

describe('the command that is handed out', () => {
  test.each([0o755, 0o644])('of a checkout runs as it is, from any folder (mode %o)', (mode) => {
    const { root } = packageIn(`it's a checkout ${mode}`, mode)
    const command = ownCommand({ environment: { PATH: '/usr/bin' }, root })
    expect(run(`${command} console`)).toBe('console')
  })

  test('is plain memo where that is installed, and not where only scripts of npm see it', () => {
    const { root, file } = packageIn('package')
    const installed = link(file, 'usr', 'bin')
    const scripts = link(file, 'package', 'node_modules', '.bin')
    expect(ownCommand({ environment: { PATH: `/nowhere:${installed}` }, root })).toBe('memo')
    expect(ownCommand({ environment: { PATH: `${scripts}:/nowhere` }, root })).toBe(file)
  })

  test('is not the memo of another folder that is installed', () => {
    const { file: other } = packageIn('other')
    const { root, file } = packageIn('mine')
    expect(ownCommand({ environment: { PATH: link(other, 'opt', 'bin') }, root })).toBe(file)
  })

  test('is plain memo in an app without a command line', () => {
    expect(ownCommand({ environment: { PATH: '' }, root: join(folder, 'app.asar') })).toBe('memo')
  })
})

describe('the command that makes a link', () => {
  const environment = { XDG_DATA_HOME: '/home/alice/data' }

  test('names the folder where it is not the default one, quoted for the shell', () => {
    expect(consoleCommandText('memo', '/home/alice/data/memo', environment, 'linux')).toBe('memo console')
    const { root } = packageIn('quoting')
    const line = consoleCommandText(ownCommand({ environment: {}, root }), "/srv/alice's node; ls", environment, 'linux')
    expect(run(line)).toBe("console|--data|/srv/alice's node; ls")
  })

  test('stands in the banner as it is to be run', () => {
    const ready = { nodeId: '', pid: 1, grpc: '127.0.0.1:7070', consoleUrl: 'http://x', listen: null, version: '1' }
    const banner = runBanner(ready, {
      link: 'http://x/#token=t',
      signIn: 'memo console --data /x',
      data: '/x',
      keys: [],
      suspect: false,
    })
    expect(banner).toMatch(/^ +memo console --data \/x$/m)
  })
})

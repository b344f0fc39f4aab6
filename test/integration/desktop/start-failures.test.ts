import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Desktop } from '../../harness/desktop.ts'
import { TestPage } from '../../harness/test-page.ts'
import { ensureBuiltApp } from '../../support/built-app.ts'
import { startMemo } from '../../support/memo-process.ts'
import { AppFolder, reached } from './desktop-bed.ts'

beforeAll(ensureBuiltApp)

/** What a page hears from the host of a node that does not start. */
async function failureOf(app: Desktop) {
  const page = await TestPage.connect(app)
  const host = (await page.host()).call
  for await (const event of await host.watch()) {
    if (event.kind === 'node' && event.run.state === 'failed') return { host, run: event.run, failure: event.run.failure }
  }
  throw new Error('the host ended the stream')
}

async function takenPort() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = server.address() as AddressInfo
  return { port, close: () => new Promise((resolve) => server.close(resolve)) }
}

describe('a start that the node refuses arrives as a failure with its code, and something helps', () => {
  test('a taken port: another one is taken on request, and kept', async () => {
    using folder = new AppFolder()
    const taken = await takenPort()
    try {
      await using app = folder.start(['--grpc', `127.0.0.1:${taken.port}`])
      const { host, run, failure } = await failureOf(app)
      expect(failure).toMatchObject({ kind: 'port-in-use', code: 'port-in-use', details: { port: String(taken.port) } })
      expect(failure?.message).toContain(String(taken.port))
      expect(run.phases.some(({ state }) => state === 'failed')).toBe(true)
      await host.node.startOnFreePort()
      await reached(folder, 'running 2')
      const { grpcAddress } = JSON.parse(readFileSync(join(folder.path, 'settings.json'), 'utf8')) as { grpcAddress: string }
      expect(grpcAddress).toMatch(/^127\.0\.0\.1:\d+$/)
      expect(grpcAddress).not.toBe(`127.0.0.1:${taken.port}`)
    } finally {
      await taken.close()
    }
  })

  test('a store that another node has open, until that one is stopped', async () => {
    using folder = new AppFolder()
    const other = await startMemo(folder.data)
    await using app = folder.start()
    const { host, failure } = await failureOf(app)
    expect(failure).toMatchObject({ kind: 'store-locked', code: 'store-locked', details: { pid: String(other.child.pid) } })
    await other.terminate()
    await host.node.restart()
    await reached(folder, 'running 2')
  })

  test('a newer format: another data directory is picked and kept', async () => {
    using folder = new AppFolder()
    mkdirSync(folder.data)
    writeFileSync(join(folder.data, 'FORMAT'), `${JSON.stringify({ format: 99, madeBy: 'memo 9.0.0' })}\n`)
    const elsewhere = join(folder.path, 'elsewhere')
    await using app = folder.start()
    const { host, failure } = await failureOf(app)
    expect(failure?.kind).toBe('store-newer-format')
    expect(await host.node.startElsewhere()).toBe(false)
    await app.ask('answer', { directory: elsewhere })
    expect(await host.node.startElsewhere()).toBe(true)
    await reached(folder, 'running 2')
    expect(JSON.parse(readFileSync(join(folder.path, 'settings.json'), 'utf8'))).toEqual({ dataDirectory: elsewhere })
    await host.files.show({ what: 'data' })
    expect((await app.ask('facts')).shown).toEqual([elsewhere])
  })

  test('a flag that is not known', async () => {
    using folder = new AppFolder()
    await using app = folder.start(['--grcp', '127.0.0.1:0'])
    const { failure } = await failureOf(app)
    expect(failure).toMatchObject({ kind: 'other', code: 'config-invalid' })
    expect(failure?.message).toContain('--grcp')
  })

  test('a disk without room', async (context) => {
    using folder = new AppFolder()
    mkdirSync(folder.data)
    const made = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.data])
    if (made.status !== 0) return context.skip('this user may not mount a tmpfs')
    try {
      await using app = folder.start()
      const { failure } = await failureOf(app)
      expect(failure).toMatchObject({ kind: 'storage-full', code: 'storage-full' })
      expect(await app.quit()).toBe(0)
    } finally {
      spawnSync('umount', ['-l', folder.data])
    }
  })
})

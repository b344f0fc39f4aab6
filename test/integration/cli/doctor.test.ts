import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LevelIndex } from '../../../src/node/adapters/level-store/index/level-index.ts'
import { decodeIndexValue, recordRange } from '../../../src/node/adapters/level-store/index/record-codec.ts'
import { memoHolderText } from '../../../src/node/cli/doctor/memo-holder.ts'
import { defaultLimits } from '../../../src/node/core/base/limits.ts'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { openLevelStoreAt } from '../store/level-bed.ts'
import { errorOf, parsed, testFolder } from './cli-bed.ts'

const folder = testFolder()
const freePorts = ['--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']

interface Report {
  readonly state: string
  readonly checks: readonly { readonly name: string; readonly state: string; readonly text: string; readonly code?: string }[]
}

async function doctor(data: string, ...args: string[]) {
  const result = await runMemo(['doctor', '--data', data, ...freePorts, ...args, '--json'])
  const report = JSON.parse(result.stdout.toString()) as Report
  const of = (name: string) => report.checks.find((check) => check.name === name)
  return { code: result.code, report, of }
}

async function filledStore(name: string): Promise<string> {
  const data = folder.path(name)
  const node = await startMemo(data)
  const lines = Array.from({ length: 50 }, (_, index) =>
    JSON.stringify({ key: `k${index}`, value: Buffer.from(`v${index}`).toString('base64') }),
  )
  await runMemo(['import', '-', '--grpc', node.ready.grpc, '-q'], { input: lines.join('\n') })
  await node.terminate()
  return data
}

test('a data directory that is a link to nothing is no place for a first start', async () => {
  symlinkSync(folder.path('nothing'), folder.path('dangling'))
  for (const place of ['dangling', 'dangling/below']) {
    const { report, of } = await doctor(folder.path(place))
    expect([report.state, of('data-directory')?.code]).toEqual(['red', 'store-unwritable'])
  }
  expect((await doctor(folder.path('deep/below'))).of('data-directory')?.state).toBe('amber')
})

test('a data directory that is a file is said to be no folder', async () => {
  writeFileSync(folder.path('file'), '')
  const { report, of } = await doctor(folder.path('file'))
  expect([report.state, of('data-directory')?.code]).toEqual(['red', 'store-unwritable'])
  expect(of('data-directory')?.text).toContain('is not a folder')
})

describe('a sound store', () => {
  test('before its first start nothing is made', async () => {
    const { code, report } = await doctor(folder.path('none'))
    expect([code, report.state]).toEqual([0, 'amber'])
    expect(existsSync(folder.path('none'))).toBe(false)
  })

  test('stopped: every record is verified; keys are said to be plain', async () => {
    const data = await filledStore('sound')
    const { code, report, of } = await doctor(data)
    expect([code, report.state]).toEqual([0, 'amber'])
    expect(report.checks.filter(({ state }) => state !== 'green').map(({ name }) => name)).toEqual(['keys'])
    expect(of('keys')?.text).toContain('not encrypted')
    expect(of('keys')?.text).toContain('--key-file is for the first start of a new node')
    expect(of('records')?.text).toMatch(/^\d+ verified/)
    expect(of('rules')?.state).toBe('green')
    expect(of('condition')?.state).toBe('green')
    expect((await doctor(data, '--no-verify')).of('records')?.state).toBe('amber')
  })

  test('a copy of the directory of a running node is looked at itself, whatever the node says', async () => {
    const data = folder.path('copied')
    const node = await startMemo(data)
    await runMemo(['import', '-', '--grpc', node.ready.grpc, '-q'], {
      input: `{"key":"big","value":"${randomBytes(100_000).toString('base64')}"}\n`,
    })
    const copy = folder.path('copy')
    cpSync(data, copy, { recursive: true })
    rmSync(join(copy, 'journal'), { recursive: true })
    expect((await doctor(data)).of('running')?.text).toContain('gRPC at')
    const { code, of } = await doctor(copy)
    expect(of('running')?.text).not.toContain('gRPC at')
    expect(code).not.toBe(0)
    await node.terminate()
  })

  test('stopped: nothing is written, and no start is counted', async () => {
    const data = await filledStore('unwritten')
    const kept = () => ['FORMAT', 'store', ...readdirSync(join(data, 'journal')).map((name) => join('journal', name))].sort()
    const contents = () => kept().map((name) => [name, readFileSync(join(data, name)).toString('latin1')])
    const before = contents()
    for (let look = 0; look < 2; look++) expect((await doctor(data)).of('store')?.text).toContain(', start 1,')
    expect(contents()).toEqual(before)
  })

  test('with a key file the keys are said to be encrypted', async () => {
    const keyFile = folder.path('key-file')
    writeFileSync(keyFile, 'thirty-two bytes or more of secret', { mode: 0o600 })
    const data = folder.path('wrapped')
    await (await startMemo(data, { arguments: ['--key-file', keyFile] })).terminate()
    const wrapped = await doctor(data, '--key-file', keyFile)
    expect([wrapped.code, wrapped.report.state]).toEqual([0, 'green'])
    expect(wrapped.of('keys')?.text).toContain('encrypted with the key file')
    const without = await doctor(data)
    expect(without.of('rules')).toMatchObject({ state: 'amber', text: expect.stringContaining('keys') })
    expect([without.code, without.of('keys')?.code]).toEqual([10, 'key-unavailable'])
  })

  test('running: the node is asked, and what it cannot tell is said', async () => {
    const data = folder.path('running')
    const node = await startMemo(data)
    const { code, of } = await doctor(data)
    expect(code).toBe(0)
    expect(of('running')?.text).toContain(String(node.ready.pid))
    expect(of('condition')?.state).toBe('green')
    expect(of('records')).toMatchObject({ state: 'amber', text: expect.stringContaining('not checked') })
    await expect
      .poll(async () => (await doctor(data)).of('scrub'), { timeout: 20_000 })
      .toMatchObject({
        state: 'green',
        text: expect.stringMatching(/^last full round ended 20\d\d-.*Z, .* read, nothing found$/),
      })
    await node.terminate()
  })

  test('running without a port for health checks, as in the desktop app: that is said, and nothing is red', async () => {
    const data = folder.path('portless')
    const node = await startMemo(data)
    rmSync(join(data, 'running.json'))
    const { code, of } = await doctor(data, '--grpc', node.ready.grpc)
    expect([code, of('running')?.state, of('store')?.state, of('grpc-port')]).toEqual([0, 'amber', 'amber', undefined])
    expect(of('running')?.text).toBe(
      `a node is running with this folder (process ${node.ready.pid}); its own screens show its health`,
    )
    await node.terminate()
  })

  test('a node that gives no answer at its port is red', async () => {
    const data = folder.path('silent')
    const node = await startMemo(data)
    const path = join(data, 'running.json')
    writeFileSync(path, JSON.stringify({ ...node.ready, consoleUrl: 'http://127.0.0.1:1' }))
    const { code, of } = await doctor(data)
    expect([code, of('running')?.code]).toEqual([10, 'store-locked'])
    expect(of('running')?.text).toContain('no node there answers a health check')
    await node.terminate()
  })

  test('a port that the node of another folder holds is red, and says whose it is', async () => {
    const data = folder.path('other')
    const node = await startMemo(data)
    const { port } = new URL(node.ready.consoleUrl)
    const { code, of } = await doctor(folder.path('none'), '--grpc', node.ready.grpc, '--console', `127.0.0.1:${port}`)
    expect(code).toBe(11)
    const pid = node.ready.pid
    if (process.platform === 'linux') {
      const who = `a memo node (process ${pid}) that runs on ${data}: memo doctor --data ${data} looks at it`
      expect(of('console-port')?.text).toBe(`127.0.0.1:${port} is taken by ${who}`)
      expect(of('grpc-port')?.text).toBe(`${node.ready.grpc} is taken by ${who}`)
    }
    const asked = await memoHolderText({ host: '0.0.0.0', port: Number(port) }, undefined)
    expect(asked, 'where the system does not say who it is').toBe(`a memo node (process ${pid}) on another folder`)
    await node.terminate()
  })

  test('files that would end a start are red, and none is touched', async () => {
    const data = await filledStore('misnamed')
    const key = join(data, 'keys', 'node.key')
    const before = readFileSync(key)
    writeFileSync(join(data, 'memo.json'), JSON.stringify({ readyFile: key }))
    const { code, of } = await doctor(data)
    expect([code, of('configuration')?.state, of('configuration')?.code]).toEqual([2, 'red', 'config-invalid'])
    expect(of('configuration')?.text).toContain(`--ready-file ${key} is there, and is no ready file of memo`)
    expect(readFileSync(key)).toEqual(before)
  })

  test('an address that this computer does not have is red', async () => {
    const { code, of } = await doctor(folder.path('none'), '--grpc', '192.0.2.1:7070')
    expect([code, of('grpc-port')?.code]).toEqual([2, 'config-invalid'])
    expect(of('grpc-port')?.text).toBe('cannot listen at 192.0.2.1:7070: this computer does not have that address')
  })

  test('a taken port is red', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const result = await doctor(folder.path('none'), '--grpc', `127.0.0.1:${(holder.address() as AddressInfo).port}`)
    holder.close()
    expect([result.code, result.of('grpc-port')?.code]).toEqual([11, 'port-in-use'])
  })
})

/** Where some payload lies in the first segment. */
async function placesOf(data: string): Promise<{ readonly place: number }> {
  const index = new LevelIndex(join(data, 'index'), { cacheBytes: 1024 * 1024, writeBufferBytes: 1024 * 1024 })
  await index.open(false)
  try {
    for await (const page of index.pages(recordRange)) {
      for (const [key, value] of page) {
        const decoded = decodeIndexValue(key, value)
        if (decoded?.kind === 'place' && decoded.place.segment === 1) return { place: decoded.place.offset + 1000 }
      }
    }
    throw new Error('no payload lies in the first segment')
  } finally {
    await index.close()
  }
}

describe('a damaged store', () => {
  test('a garbled identity is red', async () => {
    const data = await filledStore('garbled')
    writeFileSync(join(data, 'store'), 'garbage')
    const { code, of } = await doctor(data)
    expect([code, of('store')?.state, of('store')?.code]).toEqual([10, 'red', 'store-damaged'])
  })

  test('a value that nobody signed for is red, although its record verifies', async () => {
    const data = await filledStore('unsigned')
    const store = await openLevelStoreAt(data, { limits: defaultLimits })
    const [first, second] = await store.scan('content', { limit: 2 })
    await store.commit([{ kind: 'put', family: 'content', key: first!.key, value: second!.value }])
    await store.close()
    const { code, of } = await doctor(data)
    expect(of('records')?.state).toBe('green')
    expect([code, of('rules')?.state, of('rules')?.code]).toEqual([7, 'red', 'data-corrupt'])
    expect(of('rules')?.text).toContain('is not what its address says')
  })

  test('lost journal: found, read-only, and writable again after recover', async () => {
    const data = await filledStore('lost')
    for (const name of readdirSync(join(data, 'journal'))) rmSync(join(data, 'journal', name))
    const found = await doctor(data)
    expect(found.report.state).toBe('red')
    expect(found.code).toBe(10)

    const refused = await runMemo(['cluster', 'recover', '--data', data, '--json'])
    expect([refused.code, errorOf(refused).code]).toEqual([2, 'invalid-argument'])
    expect(errorOf(refused).message).toContain('--yes')
    const recovered = parsed(await runMemo(['cluster', 'recover', '--data', data, '--yes', '--json']))
    expect(recovered).toMatchObject({ storeId: expect.stringMatching(/^[0-9a-f]{32}$/) })
    const node = await startMemo(data)
    expect((await runMemo(['kv', 'put', 'new', 'value', '--grpc', node.ready.grpc])).code).toBe(0)
    expect((await runMemo(['kv', 'get', 'new', '--grpc', node.ready.grpc])).stdout.toString()).toBe('value')
    await node.terminate()
    expect((await doctor(data)).code).toBe(0)
  }, 60_000)

  test('recover leaves a sound store as it is', async () => {
    const data = await filledStore('sound')
    const before = await doctor(data)
    const recovered = parsed(await runMemo(['cluster', 'recover', '--data', data, '--yes', '--json']))
    expect(recovered).toMatchObject({ recovered: false, findings: [] })
    const { storeId } = recovered as { readonly storeId: string }
    expect(before.of('store')?.text).toContain(storeId)
    const after = await doctor(data)
    expect([after.code, after.of('store')?.text]).toEqual([0, expect.stringContaining(storeId)])
    expect(readdirSync(data).filter((name) => name.startsWith('index.'))).toEqual([])
  }, 60_000)

  test('a lost payload: after recover the doctor names its key until it is put or deleted', async () => {
    const data = await filledStore('payload')
    const node = await startMemo(data)
    for (const key of ['big/one', 'big/two']) {
      const put = await runMemo(['kv', 'put', key, '-', '--grpc', node.ready.grpc], { input: randomBytes(100_000) })
      expect(put.code, put.stderr).toBe(0)
    }
    await node.terminate()
    const segment = join(data, 'journal', readdirSync(join(data, 'journal')).sort()[0] ?? '')
    const { place } = await placesOf(data)
    const bytes = readFileSync(segment)
    bytes[place] = (bytes[place] ?? 0) ^ 1
    writeFileSync(segment, bytes)
    const records = (await doctor(data)).of('records')
    const [, address] = /content ([0-9a-f]{64}): segment \d+ at \d+: the payload/.exec(records?.text ?? '') ?? []
    expect([records?.state, address]).toEqual(['red', expect.any(String)])
    const recovered = await runMemo(['cluster', 'recover', '--data', data, '--yes', '--json'])
    expect(recovered.code).toBe(0)
    expect((parsed(recovered) as { findings: string[] }).findings).toContain(`content ${address}: the payload did not verify`)

    const after = await doctor(data)
    expect([after.code, after.of('records')?.state, after.of('rules')?.state]).toEqual([7, 'green', 'red'])
    const [, key] = /the value of key "(big\/(?:one|two))" is lost/.exec(after.of('rules')?.text ?? '') ?? []
    expect(key).toBeDefined()
    const again = await startMemo(data)
    const removed = await runMemo(['kv', 'rm', key ?? '', '--grpc', again.ready.grpc])
    expect(removed.code, removed.stderr).toBe(0)
    expect(again.log()).not.toContain('big/')
    await again.terminate()
    expect((await doctor(data)).code).toBe(0)
  }, 60_000)

  test('recover of a sound store names keys that are damaged or missing, and what to do', async () => {
    const data = await filledStore('keys')
    const recover = async () => runMemo(['cluster', 'recover', '--data', data, '--yes', '--json'])
    const path = join(data, 'keys', 'node.key')
    const kept = readFileSync(path)
    writeFileSync(path, 'garbage')
    expect(parsed(await recover())).toMatchObject({
      recovered: false,
      keys: { code: 'key-unavailable', message: expect.stringContaining('node.key is damaged') },
    })
    rmSync(path)
    const { stdout } = await runMemo(['cluster', 'recover', '--data', data, '--yes'])
    expect(stdout.toString()).toContain(
      '[key-unavailable] Its keys are not: missing: node; put the files of a backup back into keys',
    )
    writeFileSync(path, kept, { mode: 0o600 })
    expect(parsed(await recover())).not.toHaveProperty('keys')
  }, 60_000)

  test('recover refuses a folder without a store', async () => {
    const result = await runMemo(['cluster', 'recover', '--data', folder.path('no-store'), '--yes', '--json'])
    expect([result.code, errorOf(result).code]).toEqual([2, 'invalid-argument'])
    expect(existsSync(folder.path('no-store'))).toBe(false)
  })
})

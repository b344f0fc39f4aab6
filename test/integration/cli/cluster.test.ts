import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runMemo, startMemo } from '../../support/memo-process.ts'
import { errorOf, parsed, testFolder, testNode } from './cli-bed.ts'

const folder = testFolder()
const node = testNode(folder)

test('a network is founded in an empty directory under its name, once', async () => {
  const data = folder.path('office')
  const founded = parsed(await runMemo(['cluster', 'create', 'office', '--data', data, '--json']))
  expect(founded).toMatchObject({ network: 'office', founded: true, data, networkId: expect.stringMatching(/^[0-9a-f]{64}$/) })
  const again = await runMemo(['cluster', 'create', 'office', '--data', data])
  expect([again.code, again.stdout.toString()]).toEqual([0, expect.stringContaining('already: it stays as it is')])
  const other = await runMemo(['cluster', 'create', 'home', '--data', data, '--json'])
  expect([other.code, errorOf(other)]).toMatchObject([
    2,
    { code: 'invalid-argument', message: expect.stringContaining('"office"') },
  ])
  const running = await startMemo(data)
  const status = parsed(await runMemo(['cluster', 'status', '--json'], { environment: { MEMO_NODE: running.ready.grpc } }))
  expect(status).toMatchObject({ network: 'office', networkId: (founded as { networkId: string }).networkId })
  const locked = await runMemo(['cluster', 'create', 'office', '--data', data, '--json'])
  expect([locked.code, errorOf(locked).code]).toEqual([10, 'store-locked'])
  await running.kill()
})

test('what is given to create is what a run without flags uses', async () => {
  const data = folder.path('kept')
  const places = ['--listen', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--console', '127.0.0.1:0']
  const facts = ['--zone', 'cellar', '--label', 'ssd', '--capacity', '2GiB']
  const founded = await runMemo(['cluster', 'create', 'office', '--data', data, ...places, ...facts])
  expect([founded.code, founded.stdout.toString()]).toEqual([
    0,
    expect.stringContaining(`Start its node with "memo run --data ${data}".`),
  ])
  const running = await startMemo(data, { placeFlags: false })
  expect(running.ready.listen).toMatch(/^127\.0\.0\.1:[1-9]\d*$/)
  const { nodes } = parsed(await runMemo(['cluster', 'nodes', '--json', '--grpc', running.ready.grpc])) as { nodes: unknown[] }
  expect(nodes).toMatchObject([{ zone: 'cellar', labels: ['ssd'], endpoints: [running.ready.listen] }])
  await running.kill()

  const settings = () => JSON.parse(readFileSync(`${data}/memo.json`, 'utf8')) as unknown
  const again = parsed(await runMemo(['cluster', 'create', 'office', '--data', data, '--capacity', '3GiB', '--json']))
  expect(again).toMatchObject({ founded: false, kept: ['capacity'] })
  expect(settings()).toMatchObject({ zone: 'cellar', labels: 'ssd', capacity: '3GiB' })
  const other = await runMemo(['cluster', 'create', 'home', '--data', data, '--capacity', '4GiB', '--json'])
  expect([other.code, settings()]).toMatchObject([2, { capacity: '3GiB' }])
})

test('what a run would refuse is refused before a network is founded', async () => {
  const data = folder.path('unsafe')
  for (const [words, code] of [
    [['--grpc', '0.0.0.0:7070'], 'unsafe-bind'],
    [['--console', '0.0.0.0:7071'], 'unsafe-bind'],
    [['--advertise', '192.0.2.7:7072'], 'config-invalid'],
    [['--key-file', `${data}/FORMAT`], 'config-invalid'],
  ] as const) {
    const refused = await runMemo(['cluster', 'create', 'office', '--data', data, ...words, '--json'])
    expect([refused.code, errorOf(refused).code, existsSync(data)]).toEqual([2, code, false])
  }
})

test('what no network can be is refused before anything is made', async () => {
  const data = folder.path('nothing')
  for (const words of [[''], [' '], ['a\u202Eb'], ['x'.repeat(256)], ['office', '--replication', '5']]) {
    const refused = await runMemo(['cluster', 'create', ...words, '--data', data, '--json'])
    expect([refused.code, errorOf(refused).code]).toEqual([2, 'invalid-argument'])
  }
  expect(readdirSync(folder.path('.')).includes('nothing')).toBe(false)
  const used = folder.path('used')
  mkdirSync(used)
  writeFileSync(`${used}/journal`, 'somebody else')
  expect((await runMemo(['cluster', 'create', 'office', '--data', used])).code).toBe(10)
})

test('status and nodes tell of a node that is alone', async () => {
  const { nodeId } = node.process().ready
  expect(parsed(await node.memo(['cluster', 'status', '--json']))).toMatchObject({
    network: 'memo',
    quorum: { members: 1, alive: 1, needed: 1, reached: true },
    nodes: { alive: 1, suspect: 0, dead: 0, left: 0, unknown: 0 },
    groupsPending: 0,
    copiesPending: 0,
    listening: [],
  })
  expect((await node.memo(['cluster', 'status'])).stdout.toString()).toMatch(
    /^quorum {5}reached: 1 of 1 members alive, 1 needed$/m,
  )
  expect(parsed(await node.memo(['cluster', 'nodes', '--json']))).toMatchObject({
    nodes: [{ nodeId, isSelf: true, state: 'alive' }],
  })
  const [head, row] = (await node.memo(['cluster', 'nodes'])).stdout.toString().split('\n')
  expect(head).toMatch(/^NODE +STATE +ADDRESS +ZONE +LABELS +FREE +VERSION$/)
  expect(row).toMatch(new RegExp(`^${nodeId.slice(0, 12)} +alive .*this node$`))
})

test('an invite needs --auto, and a node that listens', async () => {
  const asking = await node.memo(['cluster', 'invite', '--json'])
  expect([asking.code, errorOf(asking).message]).toEqual([2, expect.stringContaining('--auto')])
  const alone = await node.memo(['cluster', 'invite', '--auto', '--json'])
  expect([alone.code, errorOf(alone)]).toMatchObject([5, { code: 'unavailable', message: expect.stringContaining('--listen') }])
  for (const words of [
    ['--valid', '31d'],
    ['--uses', '1025'],
  ]) {
    const beyond = await node.memo(['cluster', 'invite', '--auto', ...words, '--json'])
    expect([beyond.code, errorOf(beyond).code]).toEqual([2, 'invalid-argument'])
  }
  for (const words of [
    ['--valid', 'soon'],
    ['--valid', '0h'],
    ['--uses', '0'],
  ]) {
    expect((await node.memo(['cluster', 'invite', '--auto', ...words])).code).toBe(2)
  }
})

test('a block is told with who holds it', async () => {
  const address = (await node.memo(['block', 'put', 'some text'])).stdout.toString().trim()
  const { nodeId } = node.process().ready
  expect(parsed(await node.memo(['block', 'stat', address, '--json']))).toMatchObject({
    replicas: [{ nodeId, role: 'member', state: 'alive', heldIndex: null }],
  })
  expect((await node.memo(['block', 'stat', address])).stdout.toString()).toMatch(/^REPLICA +ROLE +STATE +HELD$/m)
})

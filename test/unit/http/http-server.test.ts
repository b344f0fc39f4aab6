import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { HealthReport } from '../../../src/node/api/http/health-report.ts'
import { healthReport } from '../../../src/node/api/http/health-report.ts'
import { listen } from '../../../src/node/api/http/http-listener.ts'
import { isOwnName } from '../../../src/node/api/http/request-names.ts'
import type { NodeStatus } from '../../../src/node/engine/storage-node.ts'
import type { StoreUsage } from '../../../src/node/ports/record-store.ts'
import { recordFamilies } from '../../../src/node/ports/record-store.ts'
import { clusterNodeOf, clusterOf } from '../../support/cluster-facts.ts'
import { ConsoleBed } from '../../support/console-bed.ts'
import { rawExchange } from '../../support/raw-http.ts'

const sound: NodeStatus = {
  state: 'running',
  identity: {
    nodeId: new Uint8Array(32),
    networkId: new Uint8Array(32),
    networkName: 'n',
    storeId: new Uint8Array(16),
    bootCount: 2,
    userKey: new Uint8Array(32),
  },
  condition: { kind: 'sound' },
  usage: {
    liveBytes: 10,
    diskBytes: 100,
    byteLimit: undefined,
    reserveBytes: 50,
    diskFreeBytes: 1000,
    full: false,
    syncedPosition: 7n,
    segments: 1,
    families: Object.fromEntries(recordFamilies.map((family) => [family, { records: 1 }])) as StoreUsage['families'],
  },
  scrub: { lastRound: { endedMs: Date.UTC(2026, 10, 27), bytes: 100 }, findings: [] },
  keys: 3,
  collectable: 0,
  uptimeMs: 5,
}

const wholeCluster = clusterOf({ nodes: [clusterNodeOf(1, { isSelf: true })], quorum: { members: 1, alive: 1, needed: 1 } })
let status = sound
let cluster = wholeCluster
const report = (): HealthReport =>
  healthReport({
    version: '1.2.3',
    pid: 1,
    status,
    cluster,
    keysKept: [{ name: 'node', path: '/k', mode: 0o100600, protection: { kind: 'plain' } }],
    damage: ['index: CURRENT was damaged'],
  })
const bed = new ConsoleBed({ sources: { health: report } })
const { answered } = bed
beforeAll(() => bed.start())
afterAll(() => bed[Symbol.asyncDispose]())
const ask = bed.ask.bind(bed)

describe('routes', () => {
  test('a dead node and a network that cannot decide are problems; one that is only suspected is none', async () => {
    status = sound
    const nodes = [
      clusterNodeOf(1, { isSelf: true }),
      clusterNodeOf(2, { state: 'suspect' }),
      clusterNodeOf(3, { state: 'left' }),
    ]
    cluster = clusterOf({ nodes, quorum: { members: 2, alive: 2, needed: 2 }, copiesPending: 0 })
    const well = await ask('/health')
    expect([well.status, JSON.parse(well.body).problems]).toEqual([200, []])
    cluster = clusterOf({ quorum: { members: 3, alive: 1, needed: 2 } })
    const lost = await ask('/health')
    expect([lost.status, JSON.parse(lost.body).problems]).toEqual([
      503,
      [
        expect.stringContaining('1 of the 3 members of its own block are alive, 2 are needed'),
        expect.stringMatching(/^1 of 3 nodes /),
      ],
    ])
    expect(JSON.parse(lost.body).cluster).toEqual({
      nodes: { alive: 2, suspect: 0, dead: 1, left: 0, unknown: 0 },
      quorum: { members: 3, alive: 1, needed: 2 },
      groupsPending: 2,
      copiesPending: null,
      openEpochs: 1,
      withdrawn: false,
      recovery: null,
      leftBehind: null,
    })
    cluster = clusterOf({ quorum: { members: 3, alive: 2, needed: 2 }, openEpochs: 2 })
    expect(JSON.parse((await ask('/health')).body).problems).toEqual([
      expect.stringContaining('one more node that goes stops the network'),
      expect.stringMatching(/^1 of 3 nodes /),
      expect.stringContaining('new named and owner blocks may be refused'),
    ])
    cluster = clusterOf({ nodes, quorum: { members: 2, alive: 2, needed: 2 }, copiesPending: 0, withdrawn: true })
    const withdrawn = await ask('/health')
    expect([withdrawn.status, JSON.parse(withdrawn.body).problems]).toEqual([
      503,
      [expect.stringContaining('the node takes no part any more')],
    ])
    const facts = {
      number: 3,
      recoveredMs: 5000,
      survivor: new Uint8Array(32).fill(1),
      administrator: new Uint8Array(32).fill(2),
    }
    cluster = clusterOf({ nodes, withdrawn: true, leftBehind: facts, recovery: { ...facts, takenOut: [], blocksLeft: 0 } })
    const leftBehind = JSON.parse((await ask('/health')).body) as HealthReport
    expect(leftBehind.problems).toEqual([expect.stringContaining('recovered by force without this data directory')])
    expect(leftBehind.cluster).toMatchObject({
      recovery: { number: 3, at: '1970-01-01T00:00:05.000Z', survivor: '01'.repeat(32), takenOut: [], blocksLeft: 0 },
      leftBehind: { number: 3, administrator: '02'.repeat(32) },
    })
    cluster = wholeCluster
  })

  test('a store that refuses puts says why, once, beside what else was found', async () => {
    const refusal = 'the index is damaged: puts are refused'
    status = { ...sound, scrub: { lastRound: undefined, refusal, findings: [refusal, 'index: a.ldb at 0: damaged'] } }
    const { status: code, body } = await ask('/health')
    const { problems, store } = JSON.parse(body) as HealthReport
    expect([code, problems, store.refusal]).toEqual([
      503,
      [refusal, expect.stringMatching(/^1 places of the store are damaged/)],
      refusal,
    ])
  })

  test('health is 200 while all is well and 503 with the reason when not', async () => {
    status = sound
    const well = await ask('/health')
    expect(well.status).toBe(200)
    expect(JSON.parse(well.body)).toMatchObject({
      status: 'ok',
      problems: [],
      keys: 3,
      store: { bootCount: 2, syncedPosition: '7', limitBytes: null },
      keysKept: [{ name: 'node', protection: 'plain', mode: '0600' }],
    })
    status = { ...sound, condition: { kind: 'suspect', findings: ['segment 3 is missing'] } }
    const suspect = await ask('/health')
    expect(suspect.status).toBe(503)
    expect(JSON.parse(suspect.body)).toMatchObject({
      status: 'degraded',
      problems: [expect.stringContaining('memo cluster recover')],
      store: { findings: ['segment 3 is missing'] },
    })
    expect((await ask('/ready')).status).toBe(200)
    expect(JSON.parse(well.body).store.scrub).toEqual({ lastRoundAt: '2026-11-27T00:00:00.000Z', bytes: 100, findings: [] })
    status = { ...sound, scrub: { lastRound: undefined, findings: ['content: segment 3 at 4096: it is damaged'] } }
    const damaged = await ask('/health')
    expect(damaged.status).toBe(503)
    expect(JSON.parse(damaged.body)).toMatchObject({
      status: 'degraded',
      problems: [expect.stringContaining('memo doctor')],
      store: { scrub: { lastRoundAt: null, findings: ['content: segment 3 at 4096: it is damaged'] } },
    })
    status = { ...sound, usage: { ...sound.usage, full: true } }
    const full = await ask('/health')
    expect(full.status).toBe(503)
    expect(JSON.parse(full.body)).toMatchObject({ status: 'degraded', disk: { full: true } })
    status = { ...sound, state: 'stopping' }
    expect((await ask('/ready')).status).toBe(503)
    expect(JSON.parse((await ask('/health')).body)).toMatchObject({ status: 'down' })
    status = sound
  })

  test('metrics, home and nothing else', async () => {
    expect(await ask('/metrics')).toMatchObject({ status: 200, body: '# metrics\n' })
    const home = await ask('/')
    expect(home.body).toContain('memo 1.2.3')
    expect(home.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    for (const path of ['/etc/passwd', '/../package.json', '/metrics/', '//metrics']) expect((await ask(path)).status).toBe(404)
    expect((await ask('/metrics?x=1')).status).toBe(200)
    expect(answered.at(-1)).toEqual({ route: 'metrics', status: 200 })
  })

  test('only GET and HEAD, and only under its own name', async () => {
    const head = await ask('/health', { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([200, ''])
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])
      expect((await ask('/health', { method })).status).toBe(405)
    expect((await ask('/health', { host: 'evil.example:7071' })).status).toBe(421)
    expect((await ask('/health', { host: 'localhost' })).status).toBe(200)
  })

  test('an error of a route is told to the observer, and to who asked only as 503', async () => {
    const error = new Error('the registry is gone')
    await using broken = await new ConsoleBed({ sources: { metrics: () => Promise.reject(error) } }).start()
    const answer = await broken.ask('/metrics')
    expect([answer.status, answer.body]).toEqual([503, 'The node cannot answer at the moment.\n'])
    expect(broken.failed).toEqual([{ route: 'metrics', error }])
    expect(broken.answered).toEqual([{ route: 'metrics', status: 503 }])
  })

  test('what is no HTTP ends the connection and nothing more', async () => {
    expect((await rawExchange(bed.port, '\u0000\u0001garbage\r\n\r\n')).status).toBe(400)
    expect((await ask('/ready')).status).toBe(200)
  })
})

test.each([
  ['127.0.0.1:7071', true],
  ['[::1]:7071', true],
  ['localhost', true],
  ['LOCALHOST:1', true],
  ['node.lan:7071', true],
  ['evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['', false],
  [undefined, false],
])('the name %s is ours: %s', (name, ours) => {
  expect(isOwnName(name, (each) => each === 'node.lan')).toBe(ours)
})

test('a second server on its port says who holds it', async () => {
  const second = createServer()
  await expect(listen(second, '127.0.0.1', bed.port)).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining('--console'),
  })
})

import { describe, expect, test } from 'vitest'
import type { HostEvent, NodeRun } from '../../../src/ipc/contract/host-contract.ts'
import { hostContract } from '../../../src/ipc/contract/host-contract.ts'
import type { PortOffer } from '../../../src/ipc/supervision/node-messages.ts'
import { connectMemory } from '../../../src/ipc/wire/memory-wire.ts'
import { HostFeed } from '../../../src/main/host/host-feed.ts'
import type { HostActions } from '../../../src/main/host/host-router.ts'
import { createHostRouter } from '../../../src/main/host/host-router.ts'
import { PortBroker } from '../../../src/main/port-broker.ts'
import { CodedError } from '../../../src/shared/coded-error.ts'

const run = (epoch: number): NodeRun => ({ state: 'running', epoch, safeMode: false, phases: [], logTail: [] })

function bed() {
  const calls: string[] = []
  const feed = new HostFeed()
  const actions: HostActions = {
    capabilities: {
      host: 'desktop',
      platform: 'linux',
      appVersion: '1',
      supervises: true,
      showsFiles: true,
      signsOut: false,
    },
    run: () => run(1),
    start: ({ safeMode }) => void calls.push(`start ${safeMode}`),
    stop: async () => void calls.push('stop'),
    restart: ({ safeMode }) => void calls.push(`restart ${safeMode}`),
    startOnFreePort: () => void calls.push('free port'),
    startElsewhere: async () => false,
    show: async (what) => void calls.push(`show ${what}`),
    openExternal: async (url) => {
      if (!url.startsWith('https:')) throw new CodedError('invalid-argument', 'only https')
      throw new Error('the secret reason')
    },
  }
  const client = connectMemory(hostContract, { router: createHostRouter(actions), context: { feed, visible: () => true } })
  return { calls, feed, call: client.call, client }
}

describe('the contract of the host', () => {
  test('reaches what the app can do', async () => {
    const { call, calls, client } = bed()
    expect(await call.capabilities()).toMatchObject({ host: 'desktop', supervises: true })
    await call.node.start()
    await call.node.stop()
    await call.node.restart()
    await call.node.startSafely()
    await call.node.startOnFreePort()
    expect(await call.node.startElsewhere()).toBe(false)
    await call.files.show({ what: 'logs' })
    expect(calls).toEqual(['start false', 'stop', 'restart false', 'restart true', 'free port', 'show logs'])
    client.close()
  })

  test('fails by its one declared error, which says nothing of what was not foreseen', async () => {
    const { call, client } = bed()
    await expect(call.openExternal({ url: 'http://x' })).rejects.toMatchObject({ data: { code: 'invalid-argument' } })
    const failure = await call.openExternal({ url: 'https://x' }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ data: { code: 'internal' } })
    expect(JSON.stringify(failure)).not.toContain('secret')
    await expect(call.signOut()).rejects.toMatchObject({ data: { code: 'invalid-argument' } })
    await expect(call.files.show({ what: 'elsewhere' as 'logs' })).rejects.toThrow()
    client.close()
  })

  test('tells the state at once and every change, of states the newest only', async () => {
    const { call, feed, client } = bed()
    const stream = await call.watch()
    const seen: HostEvent[] = []
    for await (const event of stream) {
      seen.push(event)
      if (seen.length === 2) {
        for (let epoch = 2; epoch < 100; epoch += 1) feed.publish({ kind: 'node', run: run(epoch) })
        feed.publish({ kind: 'window', visible: false })
        feed.publish({ kind: 'command', command: 'go.keys' })
      }
      if (event.kind === 'command') break
    }
    expect(seen[0]).toMatchObject({ kind: 'node', run: { epoch: 1 } })
    expect(seen[1]).toEqual({ kind: 'window', visible: true })
    expect(seen.filter((event) => event.kind === 'node').at(-1)).toMatchObject({ run: { epoch: 99 } })
    expect(seen.length).toBeLessThan(10)
    client.close()
  })

  test('a page that takes nothing costs a bounded number of events', async () => {
    const feed = new HostFeed()
    const ended = new AbortController()
    const stream = feed.watch([{ kind: 'window', visible: true }], ended.signal)
    expect((await stream.next()).value).toEqual({ kind: 'window', visible: true })
    for (let press = 0; press < 1_000; press += 1) feed.publish({ kind: 'command', command: `c${press}` })
    const taken: unknown[] = []
    for (let at = 0; at < 16; at += 1) taken.push((await stream.next()).value)
    expect(taken.at(-1)).toEqual({ kind: 'command', command: 'c15' })
    const last = stream.next()
    ended.abort()
    expect((await last).done).toBe(true)
  })
})

describe('the broker', () => {
  function brokerBed() {
    let epoch: number | undefined
    let made = 0
    const toNode: string[] = []
    const toHost: string[] = []
    const broker = new PortBroker<string>({
      channel() {
        made += 1
        return { port1: `${made}a`, port2: `${made}b` }
      },
      toNode: (port) => void toNode.push(port),
      toHost: (port) => void toHost.push(port),
      servingEpoch: () => epoch,
    })
    const serve = (next: number): void => {
      epoch = next
      broker.nodeServes()
    }
    const page = () => {
      const offers: (PortOffer & { port: string })[] = []
      const state = { gone: false }
      return {
        offers,
        state,
        offer(offer: PortOffer, port: string): boolean {
          if (!state.gone) offers.push({ ...offer, port })
          return !state.gone
        },
      }
    }
    const rest = (): void => {
      epoch = undefined
    }
    return { broker, serve, page, toNode, toHost, rest }
  }

  test('gives a page the host once and the node once for each run', () => {
    const { broker, serve, page, toNode, toHost } = brokerBed()
    const one = page()
    broker.connect(one)
    broker.connect(one)
    expect(one.offers).toEqual([{ kind: 'host', epoch: 0, port: '1b' }])
    expect(toHost).toEqual(['1a'])
    serve(1)
    broker.nodeServes()
    serve(3)
    expect(one.offers.slice(1)).toEqual([
      { kind: 'node', epoch: 1, port: '2b' },
      { kind: 'node', epoch: 3, port: '3b' },
    ])
    expect(toNode).toEqual(['2a', '3a'])
  })

  test('a page that comes later gets the node that serves, and none while nothing serves', () => {
    const { broker, serve, page, rest } = brokerBed()
    serve(4)
    const one = page()
    broker.connect(one)
    expect(one.offers.map(({ kind, epoch }) => `${kind} ${epoch}`)).toEqual(['host 0', 'node 4'])
    rest()
    const two = page()
    broker.connect(two)
    expect(two.offers.map(({ kind }) => kind)).toEqual(['host'])
  })

  test('gives the node no port whose other end nobody has', () => {
    const { broker, serve, page, toNode } = brokerBed()
    const gone = page()
    const left = page()
    broker.connect(gone)
    broker.connect(left)
    gone.state.gone = true
    broker.forget(left)
    serve(1)
    serve(2)
    expect(toNode).toEqual([])
    expect(left.offers).toHaveLength(1)
  })
})

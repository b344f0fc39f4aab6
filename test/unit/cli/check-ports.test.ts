import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { changedPortFaults, tryPort } from '../../../src/node/cli/run/check-ports.ts'

const free = { host: '127.0.0.1', port: 0 }

async function held<Result>(run: (port: number) => Promise<Result>): Promise<Result> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await run((server.address() as AddressInfo).port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

test('a trial leaves the port free', async () => {
  const port = await held((each) => Promise.resolve(each))
  for (let turn = 0; turn < 3; turn++) expect(await tryPort({ host: '127.0.0.1', port })).toEqual({ kind: 'free' })
})

test('a port that is held is told with its holder, and is no fault where this process holds it itself or nothing changes', async () => {
  await held(async (port) => {
    const next = { grpc: { host: '127.0.0.1', port }, console: free }
    const [fault] = await changedPortFaults(next, [], [])
    expect([fault?.code, fault?.details.key]).toEqual(['port-in-use', 'grpc'])
    if (process.platform === 'linux') expect(fault?.message).toContain(`(process ${process.pid})`)
    expect(await changedPortFaults(next, [], [next.grpc])).toEqual([])
    expect(await changedPortFaults({ ...next, grpc: { host: '0.0.0.0', port } }, [], [next.grpc])).toEqual([])
    expect(await changedPortFaults(next, [{ grpc: next.grpc, console: free }], [])).toEqual([])
    // The address for other nodes is tried as any other, and may be absent.
    const [listening] = await changedPortFaults({ grpc: free, console: free, listen: next.grpc }, [{ grpc: free }], [])
    expect([listening?.code, listening?.details.key]).toEqual(['port-in-use', 'listen'])
    // Of the same number at another address.
    expect(await changedPortFaults(next, [], [{ host: '127.0.0.2', port }])).toHaveLength(1)
  })
})

test('an address that is not of this computer is a fault with any port', async () => {
  const strange = [
    ['192.0.2.1', 'this computer does not have that address'],
    ['no-such-computer.invalid', ''],
  ] as const
  for (const [host, reason] of strange) {
    const faults = await changedPortFaults({ grpc: free, console: { host, port: 0 } }, [], [])
    expect(faults.map(({ code, details }) => [code, details.key])).toEqual([['config-invalid', 'console']])
    expect(faults[0]?.message).toContain(`--console: cannot listen at ${host}:0: ${reason}`)
  }
})

test('two addresses that are one behind their names are told before any is tried', async () => {
  const port = await held((each) => Promise.resolve(each))
  const faults = await changedPortFaults({ grpc: { host: 'localhost', port }, console: { host: '127.0.0.1', port } }, [], [])
  expect(faults.map(({ code, details }) => [code, details.key])).toEqual([['config-invalid', 'console']])
  expect(await changedPortFaults({ grpc: { host: '127.0.0.1', port }, console: { host: '127.0.0.2', port } }, [], [])).toEqual([])
})
